// expect: timeout | memory_exceeded
// Replaces in what it replaced.
() => { let s = 'ab'.repeat(1e5); for (;;) s = s.replaceAll('ab', 'ba').replaceAll('ba', 'ab') }
