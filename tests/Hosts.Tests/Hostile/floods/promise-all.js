// expect: memory_exceeded | timeout
// Waits for an endless list of promises.
() => Promise.all((function* () { for (;;) yield new Promise(() => {}) })())
