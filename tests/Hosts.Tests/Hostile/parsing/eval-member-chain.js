// expect: user_error | success | timeout | memory_exceeded
// One long chain of members.
() => typeof eval('var a = {}; a.a = a; a' + '.a'.repeat(1e5))
