// expect: timeout | memory_exceeded | user_error
// Triples a long text.
() => { let s = '€'.repeat(1e6); for (;;) s = encodeURIComponent(s) }
