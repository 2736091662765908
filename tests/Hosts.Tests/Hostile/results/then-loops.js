// expect: timeout
// Loops when it is asked whether it is a promise.
() => ({ get then() { for (;;); } })
