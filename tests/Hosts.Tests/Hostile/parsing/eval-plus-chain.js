// expect: user_error | success | timeout | memory_exceeded
// One long sum: nested to the left.
() => typeof eval('1+'.repeat(1e5) + '1')
