// expect: user_error Error: late
// A getter that is a function only the first time.
() => { let asked = 0; return { get then() { if (asked++ === 0) return () => {}; throw new Error('late') } } }
