// expect: success "nothing"
// Arguments of the run before.
function (act, ...rest) { if (act === 'leave') { arguments[1] = 'secret'; arguments.length = 5; Object.defineProperty(Object.prototype, '1', { value: 'secret', configurable: true }); return 'left' } return rest[0] ?? arguments[1] ?? 'nothing' }
