// expect: success "1"
// Microtasks that nobody waits for are dropped with the realm.
() => { const next = () => queueMicrotask(next); next(); return 1 }
