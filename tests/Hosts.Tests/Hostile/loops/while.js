// expect: timeout
// The plainest one.
() => { while (true) {} }
