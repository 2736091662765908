// expect: timeout | memory_exceeded | user_error RangeError
// Divides one by another.
() => ((1n << 8000000n) / ((1n << 3000000n) - 1n)) > 0n
