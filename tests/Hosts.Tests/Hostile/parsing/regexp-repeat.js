// expect: timeout | user_error SyntaxError | success "false" | memory_exceeded
// Repeats a repetition of a repetition.
() => /^((a{1,1000}){1,1000}){1,1000}$/.test('a'.repeat(5000) + 'b')
