// expect: user_error RangeError | timeout
// Symbol.toPrimitive that adds.
() => { const o = { [Symbol.toPrimitive]() { return o + 1 } }; return o + 1 }
