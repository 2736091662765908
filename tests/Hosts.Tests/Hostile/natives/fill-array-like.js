// expect: timeout | memory_exceeded
// Fills what says it has 2^53 - 1 places.
() => Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1)
