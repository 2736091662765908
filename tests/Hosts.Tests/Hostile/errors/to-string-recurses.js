// expect: user_error | timeout
// Recurses when its text is read.
() => { throw { toString() { return String(this) } } }
