// expect: user_error | timeout | memory_exceeded
// Conditions in conditions.
() => eval('1?'.repeat(1e5) + '1' + ':1'.repeat(1e5))
