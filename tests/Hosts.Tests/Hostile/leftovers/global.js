// expect: success "nothing"
// A property of the global object.
act => { if (act === 'leave') { globalThis.left = 'secret'; return 'left' } return globalThis.left ?? 'nothing' }
