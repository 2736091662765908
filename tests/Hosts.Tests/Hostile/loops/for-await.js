// expect: timeout
// An asynchronous generator that never ends.
async () => { async function* more() { for (;;) yield 1 } for await (const one of more()); }
