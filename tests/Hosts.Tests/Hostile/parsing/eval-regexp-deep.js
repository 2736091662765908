// expect: timeout | user_error | success "true" | memory_exceeded
// Groups in groups.
() => new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('')
