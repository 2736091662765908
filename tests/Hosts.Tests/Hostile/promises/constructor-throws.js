// expect: user_error Error: no constructor | success "1"
// What await reads of a promise throws.
() => { const p = Promise.resolve(1); Object.defineProperty(p, 'constructor', { get() { throw new Error('no constructor') } }); return p }
