// expect: user_error RangeError | timeout
// Calls itself without ever awaiting.
() => { const f = async () => await f(); return f() }
