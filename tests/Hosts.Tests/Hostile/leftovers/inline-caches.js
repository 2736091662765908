// expect: success "nothing"
// What the engine remembers at a place in the source of the object it saw there.
act => { const read = o => o.left; if (act === 'leave') { const o = { left: 'secret' }; for (let n = 0; n < 2000; n++) read(o); Object.prototype.left = 'secret'; for (let n = 0; n < 2000; n++) read({}); globalThis.other = 'secret'; const get = () => other; for (let n = 0; n < 2000; n++) get(); return 'left' } for (let n = 0; n < 2000; n++) { const v = read({}); if (v !== undefined) return v } return typeof other === 'undefined' ? 'nothing' : other }
