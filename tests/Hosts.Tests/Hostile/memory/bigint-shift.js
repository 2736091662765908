// expect: memory_exceeded | timeout | user_error RangeError
// A number with a billion bits.
() => String((1n << 1000000000n) > 0n)
