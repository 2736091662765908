// expect: timeout
// As many intervals as there may be, as fast as they may be.
() => new Promise(() => { for (let n = 0; n < 1000; n++) setInterval(() => {}, 0) })
