// expect: success "nothing"
// A clean-up that would run in whoever comes after.
act => { if (act === 'leave') { globalThis.registry = new FinalizationRegistry(left => { globalThis.left = left; Object.prototype.left = left }); for (let n = 0; n < 1000; n++) registry.register({}, 'secret'); globalThis.ref = new WeakRef({ left: 'secret' }); return 'left' } for (let n = 0; n < 50; n++) new Array(1000).fill({}); return globalThis.left ?? globalThis.ref ?? 'nothing' }
