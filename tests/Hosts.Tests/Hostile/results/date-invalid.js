// expect: success "null"
// A time that is none.
() => new Date(NaN)
