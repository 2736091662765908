// expect: memory_exceeded
// Arrays that are dense at once.
() => { const kept = []; for (;;) kept.push(new Array(1000).fill(1)) }
