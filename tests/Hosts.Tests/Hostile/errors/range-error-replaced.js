// expect: user_error RangeError
// What the platform throws is not the function's own.
() => { globalThis.RangeError = function () { return 'mine' }; for (;;) setTimeout(() => {}, 1e6) }
