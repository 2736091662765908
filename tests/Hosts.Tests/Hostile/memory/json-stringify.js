// expect: memory_exceeded | result_too_large
// Writes a text that is much larger than what it is of.
() => { const a = new Array(1000).fill('x'.repeat(1000)); return JSON.stringify(new Array(1000).fill(a)).length }
