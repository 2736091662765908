// expect: user_error Error: the promise never settles
// Nothing is left that could settle it.
() => new Promise(() => {})
