// expect: success "1" | user_error RangeError
// A trap that logs what it is a trap of.
() => { const p = new Proxy({}, { ownKeys() { console.log(p); return [] } }); console.log(p); return 1 }
