// expect: timeout | memory_exceeded | user_error
// A Proxy that says it has a million names, asked again and again.
() => { const keys = Array.from({ length: 2e4 }, (_, n) => 'n' + n), p = new Proxy({}, { ownKeys: () => keys, getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) }); for (;;) ({ ...p }) }
