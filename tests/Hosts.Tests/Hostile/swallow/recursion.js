// expect: success "2" | timeout
// What may be caught: a stack that is used up, more than once.
() => { let caught = 0; const f = () => f(); for (let n = 0; n < 2; n++) { try { f() } catch (e) { if (e instanceof RangeError) caught++ } } return caught }
