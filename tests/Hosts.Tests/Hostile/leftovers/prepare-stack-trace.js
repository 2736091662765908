// expect: success "nothing"
// What makes stacks, and how long they are.
act => { if (act === 'leave') { Error.prepareStackTrace = () => 'secret'; Error.stackTraceLimit = 0; Error.prototype.toString = () => 'secret'; return 'left' } return String(new Error('x').stack).includes('secret') || String(new Error('x')) !== 'Error: x' || Error.prepareStackTrace ? 'found' : 'nothing' }
