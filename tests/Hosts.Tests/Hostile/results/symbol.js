// expect: success "Symbol(x)"
// What is never text.
() => Symbol('x')
