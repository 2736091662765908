// expect: success "nothing"
// Where a literal stopped, what was written on it, and what its prototype was.
act => { const r = /x/g; if (act === 'leave') { r.test('axa'); r.left = 'secret'; Object.getPrototypeOf(r).left = 'secret'; return 'left' } return r.lastIndex === 0 && r.left === undefined && Object.getPrototypeOf(r) === RegExp.prototype ? 'nothing' : 'found' }
