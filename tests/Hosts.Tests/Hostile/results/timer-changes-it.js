// expect: success "[1]"
// A timer that would change it after it was returned.
async () => { const a = [1]; setTimeout(() => a.push(2), 0); return a }
