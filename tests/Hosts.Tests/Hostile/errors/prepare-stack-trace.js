// expect: user_error Error: x
// What V8 lets see the frames does nothing here.
() => { Error.prepareStackTrace = (_, frames) => { for (;;); }; Error.stackTraceLimit = Infinity; throw new Error('x') }
