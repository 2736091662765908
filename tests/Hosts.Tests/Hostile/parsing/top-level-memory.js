// expect: refused
// Takes all memory while it is registered.
(() => { const kept = []; for (;;) kept.push(new Uint8Array(1 << 20).fill(1)) })()
