// expect: success "nothing"
// Literals in the source: an object, an array, a function, each new every time.
act => { const make = () => ({ list: [], f() {}, n: {} }); const v = make(); if (act === 'leave') { v.list.push('secret'); v.f.left = 'secret'; v.n.left = 'secret'; return 'left' } return v.list[0] ?? v.f.left ?? v.n.left ?? 'nothing' }
