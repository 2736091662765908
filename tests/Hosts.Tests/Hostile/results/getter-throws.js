// expect: user_error RangeError: mine
// A getter that throws.
() => ({ get a() { throw new RangeError('mine') } })
