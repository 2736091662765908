// expect: user_error TypeError
// The constructors of errors are the function's own now.
() => { globalThis.RangeError = globalThis.TypeError = globalThis.Error = function () { for (;;); }; null.x }
