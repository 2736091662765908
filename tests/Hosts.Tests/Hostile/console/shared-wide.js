// expect: success "1"
// Small in memory, and a billion times as large as text.
() => { let v = ['x'.repeat(1000)]; for (let n = 0; n < 30; n++) v = new Array(90).fill(v); console.log(v); return 1 }
