// expect: user_error Error: x | user_error RangeError | timeout
// A stack that throws what it is the stack of.
() => { const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw e } }); throw e }
