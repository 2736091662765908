// expect: memory_exceeded | timeout
// Generators that all stand at their first yield.
() => { function* g() { yield new Array(100).fill(0) } const kept = []; for (;;) { const one = g(); one.next(); kept.push(one) } }
