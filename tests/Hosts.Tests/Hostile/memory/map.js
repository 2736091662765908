// expect: memory_exceeded | timeout
// Entries without end.
() => { const kept = new Map(); for (let n = 0; ; n++) kept.set(n, 'v' + n) }
