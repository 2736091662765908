// expect: success "1"
// Goes in a hundred thousand times.
() => { for (let n = 0; n < 1e5; n++) console.group(); console.log('deep\n'.repeat(1000)); return 1 }
