// expect: success "1"
// Goes round.
() => { const a = { b: [] }; a.b.push(a, a); console.log(a, [a]); return 1 }
