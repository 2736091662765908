// expect: memory_exceeded | timeout
// Two microtasks for each that runs.
() => { const next = () => { queueMicrotask(next); queueMicrotask(next) }; next(); return new Promise(() => {}) }
