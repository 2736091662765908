// expect: timeout
// Catches whatever it is given and goes on.
() => { for (;;) { try { for (;;); } catch { } } }
