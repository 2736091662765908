// expect: memory_exceeded
// Bytes that the engine does not count one by one.
() => { const kept = []; for (;;) kept.push(new Uint8Array(1 << 20).fill(7)) }
