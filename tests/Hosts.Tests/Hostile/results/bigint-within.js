// expect: user_error TypeError
// What JSON has no word for.
() => ({ n: 1n })
