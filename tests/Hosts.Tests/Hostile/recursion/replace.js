// expect: user_error RangeError | timeout
// A callback that replaces.
() => { const f = () => 'a'.replace(/a/, f); f() }
