// expect: memory_exceeded
// One string that is larger than all there may be.
() => 'x'.repeat(5e8).length
