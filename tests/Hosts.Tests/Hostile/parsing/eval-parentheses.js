// expect: user_error | timeout | memory_exceeded
// More parentheses than the parser can go down.
() => eval('('.repeat(1e5) + ')'.repeat(1e5))
