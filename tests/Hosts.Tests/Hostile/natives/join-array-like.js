// expect: timeout | memory_exceeded | user_error
// Joins it.
() => Array.prototype.join.call({ length: 2 ** 53 - 1 })
