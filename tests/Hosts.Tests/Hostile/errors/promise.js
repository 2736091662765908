// expect: user_error
// Throws a promise that is rejected.
() => { throw Promise.reject(1) }
