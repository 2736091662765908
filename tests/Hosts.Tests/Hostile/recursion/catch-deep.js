// expect: user_error RangeError | timeout
// Catches at the end of the stack and recurses from there.
() => { const f = () => { try { f() } catch { f() } }; const g = () => { g() }; g(); f() }
