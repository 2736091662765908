// expect: refused
// Loops while it is registered.
(() => { for (;;); })()
