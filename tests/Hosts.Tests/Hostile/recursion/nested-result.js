// expect: timeout | user_error RangeError | success
// The same, returned.
() => { let a = []; for (let n = 0; n < 5e4; n++) a = [a]; return a }
