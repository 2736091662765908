// expect: memory_exceeded | timeout
// Grows until there is no more.
() => { const kept = []; for (;;) kept.push({ n: kept.length }) }
