// expect: user_error Error: x
// Its own cause.
() => { const e = new Error('x'); e.cause = e; throw e }
