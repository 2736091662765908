// expect: memory_exceeded | timeout
// A finally that would make a success of having no memory.
() => { const f = () => { const kept = []; try { for (;;) kept.push(new Uint8Array(1 << 20).fill(1)) } finally { return 'escaped' } }; return f() }
