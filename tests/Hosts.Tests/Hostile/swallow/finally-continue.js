// expect: timeout
// A finally that goes back to the loop.
() => { for (;;) { try { for (;;); } finally { continue } } }
