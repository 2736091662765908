// expect: user_error TypeError
// Goes round by way of a getter.
() => { const a = { get a() { return a } }; return a }
