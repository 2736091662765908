// expect: user_error Error: the promise never settles
// The clean-up waits for ever.
async () => { try { throw 1 } finally { await new Promise(() => {}) } }
