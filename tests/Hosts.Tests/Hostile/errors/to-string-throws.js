// expect: user_error
// Throws when its text is read.
() => { throw { toString() { throw this } } }
