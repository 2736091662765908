// expect: timeout
// Goes back over what it has.
() => /^(a*)*\1*(a*)*c$/.test('a'.repeat(50) + 'b')
