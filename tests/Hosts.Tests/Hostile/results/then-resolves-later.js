// expect: success "7"
// A thenable that comes by a timer.
() => ({ then(resolve) { setTimeout(resolve, 5, 7) } })
