// expect: timeout
// A callback of a native function loops.
() => [1].map(() => { for (;;); })
