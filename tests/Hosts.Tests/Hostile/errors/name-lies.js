// expect: user_error TimeoutError: The function ran longer
// Says it was stopped; its outcome says who it was.
() => { const e = new Error('The function ran longer than its limit of 1 ms.'); e.name = 'TimeoutError'; throw e }
