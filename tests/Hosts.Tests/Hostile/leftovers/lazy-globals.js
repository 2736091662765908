// expect: success "nothing"
// Globals that are made on their first use, taken and replaced.
act => { if (act === 'leave') { setTimeout.left = 'secret'; queueMicrotask = clearTimeout = () => 'secret'; delete globalThis.console; return 'left' } return setTimeout.left ?? (queueMicrotask(() => {}) === undefined && clearTimeout(1) === undefined && typeof console.log === 'function' ? 'nothing' : 'found') }
