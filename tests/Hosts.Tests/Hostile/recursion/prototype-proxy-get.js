// expect: user_error RangeError | success "undefined" | timeout
// A chain of prototypes through Proxies.
() => { let p = {}; for (let n = 0; n < 5e4; n++) p = Object.create(new Proxy(p, {})); return p.a }
