// expect: user_error RangeError | success "" | timeout
// Fifty thousand arrays in each other, joined.
() => { let a = []; for (let n = 0; n < 5e4; n++) a = [a]; return String(a) }
