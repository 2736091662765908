// expect: user_error RangeError | success "false" | timeout
// The same, asked whether something is of it.
() => { let f = function () {}; for (let n = 0; n < 5e4; n++) f = f.bind(null); return ({}) instanceof f }
