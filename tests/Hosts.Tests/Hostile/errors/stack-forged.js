// expect: user_error Error: x
// A stack that tells of other places.
() => { const e = new Error('x'); e.stack = 'Error: x\n    at Host.Main (/etc/passwd:1:1)'; throw e }
