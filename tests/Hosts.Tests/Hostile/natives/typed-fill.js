// expect: timeout
// Fills eight megabytes, for ever.
() => { const a = new Float64Array(1e6); for (;;) a.fill(1) }
