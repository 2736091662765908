// expect: success "nothing"
// Left by a run that used up its stack.
act => { if (act === 'leave') { globalThis.left = 'secret'; const f = () => f(); f() } return globalThis.left ?? 'nothing' }
