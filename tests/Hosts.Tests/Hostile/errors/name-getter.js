// expect: user_error Error
// A name that throws, and a message that does.
() => { throw Object.defineProperties(new Error('x'), { name: { get() { throw 1 } }, message: { get() { throw 2 } } }) }
