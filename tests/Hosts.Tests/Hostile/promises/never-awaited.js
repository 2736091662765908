// expect: user_error Error: the promise never settles
// The same behind an await.
async () => { await new Promise(() => {}) }
