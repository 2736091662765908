// expect: user_error RangeError | timeout
// The trap reads by way of the Proxy.
() => { const p = new Proxy({}, { get: (t, k, r) => r[k] }); return p.a }
