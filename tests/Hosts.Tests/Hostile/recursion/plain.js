// expect: user_error RangeError | timeout
// Calls itself.
() => { const f = () => f(); f() }
