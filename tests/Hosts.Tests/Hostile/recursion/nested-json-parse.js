// expect: user_error | timeout
// A text that nests as deep.
() => JSON.parse('['.repeat(5e4) + ']'.repeat(5e4)).length
