// expect: user_error Error
// A message that is an object that is none.
() => { const e = new Error(); e.message = new Proxy({}, { get() { throw 1 } }); throw e }
