// expect: user_error RangeError | timeout
// A getter reads itself.
() => ({ get a() { return this.a } }).a
