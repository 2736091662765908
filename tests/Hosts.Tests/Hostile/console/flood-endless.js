// expect: timeout
// Lines without end.
() => { for (;;) console.log('x'.repeat(100)) }
