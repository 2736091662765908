// expect: user_error RangeError | timeout
// A generator that yields from itself.
() => { function* f() { yield* f() } return f().next() }
