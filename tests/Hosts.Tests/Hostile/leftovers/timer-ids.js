// expect: success "nothing"
// The numbers of timers do not tell how many there were.
act => { if (act === 'leave') { for (let n = 0; n < 500; n++) setTimeout(() => {}, 1e6); return 'left' } return setTimeout(() => {}, 1) === 1 ? 'nothing' : 'found' }
