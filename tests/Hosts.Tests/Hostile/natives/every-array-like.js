// expect: timeout
// A callback that is never called, 2^53 - 1 times.
() => Array.prototype.every.call({ length: 2 ** 53 - 1 }, () => true)
