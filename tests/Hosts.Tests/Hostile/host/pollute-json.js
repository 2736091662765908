// expect: success "{\"a\":[1]}"
// JSON is the function's own.
() => { globalThis.JSON = { stringify: () => 'mine', parse: () => 'mine' }; return { a: [1] } }
