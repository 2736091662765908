// expect: memory_exceeded | timeout
// Functions that hold what they saw.
() => { const kept = []; for (;;) { const own = new Array(50).fill(kept.length); kept.push(() => own) } }
