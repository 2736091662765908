// expect: success "true"
// The global object of a compiled function is the realm's own.
() => Function('return this')() === globalThis && (0, eval)('this') === globalThis && (function () { return this })() === globalThis
