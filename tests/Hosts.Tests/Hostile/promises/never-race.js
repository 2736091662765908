// expect: user_error Error: the promise never settles
// A race nobody runs.
() => Promise.race([])
