// expect: success "nothing"
// A variable outside the function, in the source that is compiled once.
(() => { let held; const list = [], map = new WeakMap(); return act => { if (act === 'leave') { held = 'secret'; list.push(held); map.set(globalThis, held); return 'left' } return held ?? list[0] ?? map.get(globalThis) ?? 'nothing' } })()
