// expect: user_error Error: mine
// Throws when it is asked.
() => ({ get then() { throw new Error('mine') } })
