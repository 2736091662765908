// expect: timeout
// Waits for what comes much later than it may live.
() => new Promise(resolve => setTimeout(resolve, 2 ** 31 - 1))
