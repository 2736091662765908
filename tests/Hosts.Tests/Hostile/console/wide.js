// expect: success "1"
// A hundred thousand elements, and as many names.
() => { console.log(new Array(1e5).fill(0), Object.fromEntries(Array.from({ length: 1e4 }, (_, n) => ['n' + n, n]))); return 1 }
