// expect: user_error RangeError | timeout
// JSON within JSON.
() => JSON.stringify({ toJSON() { return JSON.stringify(this) } })
