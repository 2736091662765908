// expect: user_error Error: x
// A message of ten megabytes.
() => { throw new Error('x'.repeat(1e7)) }
