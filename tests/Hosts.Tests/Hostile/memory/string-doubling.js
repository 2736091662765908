// expect: memory_exceeded | timeout
// Doubles a rope, and makes it flat.
() => { let s = 'x'; for (;;) { s += s; s.charCodeAt(0) } }
