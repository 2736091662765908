// expect: refused
// Throws what throws when it is read.
(() => { throw { toString() { throw this } } })()
