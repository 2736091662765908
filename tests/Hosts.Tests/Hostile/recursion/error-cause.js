// expect: user_error Error: outer | timeout
// Causes fifty thousand deep.
() => { let e = new Error('inner'); for (let n = 0; n < 5e4; n++) e = new Error('outer', { cause: e }); throw e }
