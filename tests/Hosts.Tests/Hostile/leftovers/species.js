// expect: success "nothing"
// Constructors that others are made by.
act => { if (act === 'leave') { Array.prototype.constructor = { [Symbol.species]: function () { return { left: 'secret' } } }; Promise.prototype.constructor = 'secret'; return 'left' } return [1].map(x => x).left ?? (Promise.prototype.constructor === Promise ? 'nothing' : 'found') }
