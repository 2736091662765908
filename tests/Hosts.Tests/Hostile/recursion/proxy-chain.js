// expect: user_error RangeError | success "undefined" | timeout
// Fifty thousand Proxies deep.
() => { let p = {}; for (let n = 0; n < 5e4; n++) p = new Proxy(p, {}); return p.a }
