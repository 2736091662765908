// expect: user_error Error: x | memory_exceeded
// A stack of a ten megabytes.
() => { const e = new Error('x'); e.stack = 'at f\n'.repeat(2e6); throw e }
