// expect: memory_exceeded | timeout
// What timers are to be given later.
() => { for (let n = 0; n < 900; n++) setTimeout(() => {}, 1e6, new Uint8Array(1 << 20).fill(1)); return new Promise(() => {}) }
