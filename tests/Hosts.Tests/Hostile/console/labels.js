// expect: memory_exceeded | timeout
// Counters without end.
() => { for (let n = 0; ; n++) console.count('label'.repeat(20) + n) }
