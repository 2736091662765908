// expect: memory_exceeded | timeout | result_too_large | user_error
// Four billion times null.
() => { const a = []; a.length = 2 ** 32 - 1; return a }
