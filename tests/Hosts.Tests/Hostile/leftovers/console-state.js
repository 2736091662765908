// expect: success "nothing"
// Counters, timers, groups and what replaced the console.
act => { if (act === 'leave') { console.count('left'); console.time('left'); console.group('secret'); console.group('secret'); console.left = 'secret'; console.warn = () => 'secret'; return 'left' } console.timeEnd('left'); console.count('left'); return console.left ?? (console.warn('w') === undefined ? 'nothing' : 'found') }
