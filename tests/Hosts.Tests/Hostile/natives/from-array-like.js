// expect: timeout | memory_exceeded | user_error
// An array of as many.
() => Array.from({ length: 2 ** 32 - 1 }).length
