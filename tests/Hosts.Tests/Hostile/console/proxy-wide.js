// expect: success "1" | timeout | memory_exceeded
// A Proxy that says it has a million names.
() => { console.log(new Proxy({}, { ownKeys: () => Array.from({ length: 1e5 }, (_, n) => 'n' + n) })); return 1 }
