// expect: memory_exceeded
// A separator, times holes.
() => new Array(1e6).join('x'.repeat(1000)).length
