// expect: user_error RangeError | timeout | memory_exceeded
// Compiles itself.
() => { globalThis.f = () => eval('f()'); f() }
