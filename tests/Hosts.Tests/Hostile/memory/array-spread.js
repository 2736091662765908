// expect: memory_exceeded | timeout
// Twice itself, again and again.
() => { let list = [1, 2]; for (;;) list = [...list, ...list] }
