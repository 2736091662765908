// expect: success "1"
// Each trap throws.
() => { console.log(new Proxy({}, new Proxy({}, { get() { throw 1 } }))); return 1 }
