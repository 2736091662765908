// expect: user_error Error: x
// A message that looks like a log, or a header.
() => { throw new Error('x\r\nSet-Cookie: a=b\r\n\r\n   at Main()') }
