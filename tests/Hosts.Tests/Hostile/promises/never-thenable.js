// expect: user_error Error: the promise never settles
// A thenable that calls nobody.
() => ({ then() {} })
