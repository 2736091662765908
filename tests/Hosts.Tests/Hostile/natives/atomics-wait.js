// expect: user_error
// Would put the thread to sleep.
() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Infinity)
