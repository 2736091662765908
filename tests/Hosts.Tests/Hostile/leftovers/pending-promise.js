// expect: success "nothing"
// Promises and microtasks that would go on in whoever comes after.
async act => { if (act === 'leave') { (async () => { for (let n = 0; n < 1e5; n++) { await null; globalThis.left = Object.prototype.left = 'secret' } })(); const again = () => queueMicrotask(again); again(); return 'left' } for (let n = 0; n < 100; n++) await null; return globalThis.left ?? 'nothing' }
