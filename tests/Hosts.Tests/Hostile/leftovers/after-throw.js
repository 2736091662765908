// expect: success "nothing"
// Left by a run that threw.
act => { if (act === 'leave') { globalThis.left = Array.prototype.left = 'secret'; setTimeout(() => { globalThis.left = 'secret' }, 0); throw new Error('secret') } return globalThis.left ?? [].left ?? 'nothing' }
