// expect: memory_exceeded | timeout
// Promises that wait, with their handlers.
() => { const kept = []; for (;;) { const p = new Promise(() => {}); p.then(() => kept); kept.push(p) } }
