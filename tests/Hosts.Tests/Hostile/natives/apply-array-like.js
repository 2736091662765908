// expect: timeout | memory_exceeded | user_error
// 2^53 - 1 arguments.
() => (() => 1).apply(null, { length: 2 ** 53 - 1 })
