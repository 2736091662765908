// expect: timeout | memory_exceeded | user_error RangeError
// A power with a hundred million digits.
() => String(7n ** 100000000n).length
