// expect: user_error | timeout | memory_exceeded
// An arrow that gives an arrow that gives an arrow.
() => eval('a=>'.repeat(1e5) + '1')
