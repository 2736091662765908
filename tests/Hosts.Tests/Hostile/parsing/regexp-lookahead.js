// expect: timeout | success "false"
// Looks ahead at every place.
() => /(?=(a+)+$)x/.test('a'.repeat(50) + 'b')
