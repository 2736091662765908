// expect: user_error | timeout | memory_exceeded
// Arrays in arrays.
() => eval('['.repeat(1e5) + ']'.repeat(1e5))
