// expect: success "nothing"
// A registered symbol is an equal one elsewhere, but carries nothing.
act => { const s = Symbol.for('left'); if (act === 'leave') { Object.getPrototypeOf(s).left = 'secret'; globalThis[s] = 'secret'; Object.prototype[s] = 'secret'; return 'left' } return s.left ?? globalThis[s] ?? ({})[s] ?? 'nothing' }
