// expect: timeout
// A stack that never comes.
() => { const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e }
