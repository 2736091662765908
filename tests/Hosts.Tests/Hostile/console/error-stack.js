// expect: success "1"
// An error whose stack throws, and one whose stack is endless.
() => { const a = new Error('a'); Object.defineProperty(a, 'stack', { get() { throw 1 } }); const b = new Error('b'); b.stack = 'at f\n'.repeat(1e5); console.log(a, b); return 1 }
