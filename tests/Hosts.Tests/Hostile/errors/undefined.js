// expect: user_error undefined
// Throws nothing.
() => { throw undefined }
