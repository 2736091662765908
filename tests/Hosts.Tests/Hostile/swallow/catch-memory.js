// expect: memory_exceeded | timeout
// Catches that there is no memory, and would go on.
() => { const kept = []; for (;;) { try { for (;;) kept.push(new Uint8Array(1 << 20).fill(1)) } catch { } } }
