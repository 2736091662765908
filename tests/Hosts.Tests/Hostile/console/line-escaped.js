// expect: success "1"
// A line that grows sixfold when it is escaped.
() => { console.log('\u0001'.repeat(1e6)); return 1 }
