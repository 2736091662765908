// expect: timeout
// An iterator by hand whose done is never true.
() => { for (const one of { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }); }
