// expect: user_error Error: the promise never settles
// Two that wait for each other.
() => { let a, b; const p = new Promise(r => { a = r }), q = new Promise(r => { b = r }); a(q); b(p); return p }
