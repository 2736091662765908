// expect: timeout | memory_exceeded
// Turns it round.
() => Array.prototype.reverse.call({ length: 2 ** 53 - 1 })
