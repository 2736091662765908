// expect: timeout | user_error RangeError | success
// The same, written as JSON.
() => { let a = []; for (let n = 0; n < 5e4; n++) a = [a]; return JSON.stringify(a).length }
