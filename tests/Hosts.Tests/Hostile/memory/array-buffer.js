// expect: memory_exceeded | user_error RangeError
// One buffer that is larger than all there may be.
() => new Uint8Array(new ArrayBuffer(1e9)).fill(1).length
