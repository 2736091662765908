// expect: success "{\"__proto__\":{\"admin\":true}}"
// A name that means something elsewhere.
() => JSON.parse('{"__proto__":{"admin":true}}')
