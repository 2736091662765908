// expect: timeout | memory_exceeded | user_error RangeError
// Squares until a product takes longer than there is time.
() => { let n = 3n; for (;;) n = n * n }
