// expect: user_error RangeError | success "undefined" | timeout
// Fifty thousand times bound.
() => { let f = () => {}; for (let n = 0; n < 5e4; n++) f = f.bind(null); return f() }
