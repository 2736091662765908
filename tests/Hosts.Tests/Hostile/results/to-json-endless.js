// expect: timeout | memory_exceeded | user_error RangeError
// An element for each that is asked for.
() => new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : k === 'toJSON' ? undefined : 1 })
