// expect: timeout
// A finally that would make a success of it.
() => { const f = () => { try { for (;;); } finally { return 'escaped' } }; return f() }
