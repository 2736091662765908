// expect: success "nothing"
// Properties of what everything inherits from.
act => { const all = [Object, Function, Array, String, Number, Boolean, Symbol, Promise, RegExp, Date, Map, Error, Uint8Array, BigInt]; if (act === 'leave') { for (const c of all) { c.left = 'secret'; c.prototype.left = 'secret' } return 'left' } return all.some(c => c.left || c.prototype.left || Object.hasOwn(c.prototype, 'left')) ? 'found' : 'nothing' }
