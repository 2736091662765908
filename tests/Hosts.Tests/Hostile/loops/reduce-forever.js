// expect: timeout
// A native loop that calls back until 2^53 - 1.
() => Array.prototype.forEach.call(new Proxy({ length: 2 ** 53 - 1 }, { has: () => true, get: (t, k) => k === 'length' ? t.length : 1 }), () => {})
