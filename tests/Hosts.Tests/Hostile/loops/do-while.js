// expect: timeout
// With the condition behind the body.
() => { do {} while (true) }
