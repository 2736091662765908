// expect: timeout
// Catches that it was stopped, and tries again.
() => { for (;;) { try { /(a+)+$/.test('a'.repeat(50) + 'b') } catch { } } }
