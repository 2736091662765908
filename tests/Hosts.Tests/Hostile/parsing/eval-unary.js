// expect: user_error | timeout
// A hundred thousand operators before one name.
() => eval('!'.repeat(1e5) + '1')
