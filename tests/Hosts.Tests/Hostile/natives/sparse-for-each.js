// expect: timeout | memory_exceeded | success "0" | user_error RangeError
// Four billion holes.
() => { let n = 0; new Array(2 ** 32 - 1).forEach(() => n++); return n }
