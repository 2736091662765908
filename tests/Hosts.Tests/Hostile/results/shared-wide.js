// expect: memory_exceeded | timeout | result_too_large
// Small in memory, and a billion times as large as text.
() => { let v = ['x']; for (let n = 0; n < 30; n++) v = [v, v]; return v }
