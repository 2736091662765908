// expect: success "nothing"
// A timer that would fire in whoever comes after.
async act => { if (act === 'leave') { for (let n = 0; n < 100; n++) { setInterval(() => { globalThis.left = Object.prototype.left = 'secret' }, 1); setTimeout(() => { throw new Error('secret') }, 5) } return 'left' } await new Promise(r => setTimeout(r, 20)); return globalThis.left ?? 'nothing' }
