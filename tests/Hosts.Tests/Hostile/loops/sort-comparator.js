// expect: timeout
// The comparator never decides.
() => [2, 1].sort(() => { for (;;); })
