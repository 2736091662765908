// expect: user_error TypeError
// Goes round.
() => { const a = {}; a.a = a; return a }
