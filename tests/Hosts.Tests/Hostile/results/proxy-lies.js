// expect: user_error TypeError
// Tells names that its target cannot have.
() => new Proxy(Object.freeze({}), { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) })
