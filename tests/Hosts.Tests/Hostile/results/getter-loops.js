// expect: timeout
// A getter that never comes, read for the result.
() => ({ get a() { for (;;); } })
