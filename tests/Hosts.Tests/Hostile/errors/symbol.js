// expect: user_error Symbol(x)
// Throws what is never text.
() => { throw Symbol('x') }
