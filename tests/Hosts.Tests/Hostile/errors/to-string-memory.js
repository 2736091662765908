// expect: memory_exceeded | timeout
// Takes all memory when its text is read.
() => { throw { toString() { return 'x'.repeat(5e8) + this.x } } }
