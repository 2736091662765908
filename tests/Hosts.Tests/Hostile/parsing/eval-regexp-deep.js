// expect: timeout | user_error | success "true"
// Groups in groups.
() => new RegExp('('.repeat(1e5) + ')'.repeat(1e5)).test('')
