// expect: user_error RangeError | timeout
// The same when the platform reads the result.
() => ({ toJSON() { return JSON.stringify(this) } })
