// expect: timeout
// Loops while it is written.
() => ({ toJSON() { for (;;); } })
