// expect: user_error Error: microtask
// The same in a microtask.
() => new Promise(() => queueMicrotask(() => { throw new Error('microtask') }))
