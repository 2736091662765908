// expect: timeout
// The clean-up of a generator never ends.
() => { function* g() { try { yield 1 } finally { for (;;); } } for (const one of g()) break }
