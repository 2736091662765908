// expect: memory_exceeded
// Each character becomes a thousand.
() => 'x'.repeat(1e6).replace(/x/g, 'y'.repeat(1000)).length
