// expect: refused
// Is no function.
({ call: 1 })
