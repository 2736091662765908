// expect: success "nothing"
// Lines that were not sent yet.
act => { if (act === 'leave') { for (let n = 0; n < 50; n++) console.log('secret'); return 'left' } console.log('mine'); return 'nothing' }
