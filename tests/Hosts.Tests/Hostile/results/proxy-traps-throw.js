// expect: user_error Error: trap
// Each trap throws.
() => new Proxy({}, new Proxy({}, { get() { throw new Error('trap') } }))
