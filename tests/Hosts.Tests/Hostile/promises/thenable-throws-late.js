// expect: success "1"
// Throws after it has resolved.
() => ({ then(resolve) { resolve(1); throw new Error('late') } })
