// expect: timeout | memory_exceeded | user_error RangeError
// Writes one.
() => String(1n << 10000000n).length
