// expect: success "1"
// So are timers.
() => { for (let n = 0; n < 900; n++) setInterval(() => { for (;;); }, 1); return 1 }
