// expect: success "1" | timeout
// The same, logged.
() => { let a = {}; for (let n = 0; n < 5e4; n++) a = { a }; console.log(a); console.log('%o', a); return 1 }
