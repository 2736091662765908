// expect: user_error RangeError
// One more than there may be.
() => { for (;;) setTimeout(() => {}, 1e6) }
