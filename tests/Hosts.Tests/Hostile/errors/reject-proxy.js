// expect: user_error
// Rejects with what cannot be read.
async () => { throw new Proxy({}, { get() { throw 1 } }) }
