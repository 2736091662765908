// expect: timeout | memory_exceeded | user_error
// Reads a number of millions of digits.
() => BigInt('9'.repeat(3e6)) % 7n
