// expect: timeout
// A generator that always has one more.
() => { function* more() { for (;;) yield 1 } for (const one of more()); }
