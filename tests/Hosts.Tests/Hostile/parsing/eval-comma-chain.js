// expect: timeout | memory_exceeded | user_error
// A source much longer than may be registered.
() => eval('1,'.repeat(3e6) + '1')
