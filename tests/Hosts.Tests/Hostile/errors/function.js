// expect: user_error
// Throws a function.
() => { throw function mine() { return 1 } }
