// expect: timeout | user_error RangeError
// A Proxy that is its own prototype's prototype.
() => { const p = new Proxy({}, { getPrototypeOf: () => p }); return p instanceof Object || Object.prototype.isPrototypeOf(p) || p.a.b }
