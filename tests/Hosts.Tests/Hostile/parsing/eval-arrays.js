// expect: user_error | timeout
// Arrays in arrays.
() => eval('['.repeat(1e5) + ']'.repeat(1e5))
