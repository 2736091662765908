// expect: memory_exceeded | timeout
// A Proxy of a Proxy of a Proxy.
() => { let p = {}; for (;;) p = new Proxy(p, {}) }
