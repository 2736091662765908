// expect: user_error RangeError | timeout
// A result whose getter gives the same kind, for ever.
() => { class Deep { get next() { return new Deep() } toJSON() { return { next: this.next } } } return new Deep() }
