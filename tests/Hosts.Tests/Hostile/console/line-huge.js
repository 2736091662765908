// expect: success "1"
// A line of ten megabytes.
() => { console.log('x'.repeat(1e7)); return 1 }
