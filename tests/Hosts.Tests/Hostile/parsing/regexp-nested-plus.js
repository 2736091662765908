// expect: timeout
// The classic.
() => /(a+)+$/.test('a'.repeat(50) + 'b')
