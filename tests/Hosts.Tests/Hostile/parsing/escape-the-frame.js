// expect: refused
// Would end the statement it is put into.
1; globalThis.escaped = 1; () => 1)
