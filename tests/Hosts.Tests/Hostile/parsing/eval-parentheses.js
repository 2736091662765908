// expect: user_error | timeout
// More parentheses than the parser can go down.
() => eval('('.repeat(1e5) + ')'.repeat(1e5))
