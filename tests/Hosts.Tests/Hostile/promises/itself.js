// expect: user_error TypeError
// A promise that is to be resolved by itself.
() => { let settle; const p = new Promise(resolve => { settle = resolve }); settle(p); return p }
