// expect: timeout | memory_exceeded
// Normalizes a long text.
() => { const s = '\u0041\u030a'.repeat(2e6); for (;;) s.normalize('NFKD') }
