// expect: user_error null
// Throws nothing at all.
() => ({ toJSON() { throw null } })
