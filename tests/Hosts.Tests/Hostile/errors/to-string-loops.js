// expect: timeout
// Loops when its text is read.
() => { throw { toString() { for (;;); } } }
