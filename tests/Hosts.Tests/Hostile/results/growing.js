// expect: memory_exceeded | timeout | result_too_large | user_error RangeError
// Has one more level whenever it is looked at.
() => { const next = () => ({ a: 'x'.repeat(100), get b() { return next() } }); return next() }
