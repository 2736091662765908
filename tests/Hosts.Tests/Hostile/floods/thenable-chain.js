// expect: timeout | memory_exceeded
// A thenable that resolves to another thenable, for ever.
() => { const make = () => ({ then(resolve) { resolve(make()) } }); return make() }
