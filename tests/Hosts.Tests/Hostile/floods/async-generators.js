// expect: timeout | memory_exceeded
// An asynchronous generator is asked without waiting for its answers, and dropped.
async () => { async function* g() { for (;;) yield 1 } for (;;) { const one = g(); one.next(); await one.return() } }
