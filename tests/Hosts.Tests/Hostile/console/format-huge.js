// expect: success "1"
// A template with a hundred thousand places.
() => { console.log('%s'.repeat(1e5), ...new Array(1000).fill('x'.repeat(1000))); return 1 }
