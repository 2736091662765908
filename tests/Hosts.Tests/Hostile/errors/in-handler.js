// expect: user_error Error: second
// Throws in the handler of what it threw.
async () => { try { throw new Error('first') } catch { throw new Error('second') } finally { } }
