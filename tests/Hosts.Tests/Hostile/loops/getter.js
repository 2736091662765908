// expect: timeout
// A property that never comes.
() => ({ get never() { for (;;); } }).never
