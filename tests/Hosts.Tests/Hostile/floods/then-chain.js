// expect: timeout | memory_exceeded
// Each microtask makes the next.
() => { const next = () => Promise.resolve().then(next); return next() }
