// expect: user_error Error: the promise never settles
// Another promise is rejected, and nobody listens.
() => { Promise.reject(new Error('elsewhere')); return new Promise(() => {}) }
