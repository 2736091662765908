// expect: user_error Error: timer
// A throw where nobody can catch it.
() => new Promise(() => setTimeout(() => { throw new Error('timer') }, 1))
