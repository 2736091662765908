// expect: user_error | success | timeout
// One long chain of members.
() => typeof eval('var a = {}; a.a = a; a' + '.a'.repeat(1e5))
