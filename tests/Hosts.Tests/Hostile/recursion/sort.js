// expect: user_error RangeError | timeout
// A comparator that sorts.
() => { const f = () => [2, 1].sort(f); f() }
