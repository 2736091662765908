// expect: success "nothing"
// A name that was never declared.
act => { if (act === 'leave') { left = 'secret'; return 'left' } return typeof left === 'undefined' ? 'nothing' : left }
