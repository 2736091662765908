// expect: user_error
// An error without a prototype.
() => { const e = new Error('x'); Object.setPrototypeOf(e, null); throw e }
