// expect: user_error | timeout | memory_exceeded
// A hundred thousand operators before one name.
() => eval('!'.repeat(1e5) + '1')
