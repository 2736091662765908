// expect: success "\"x\""
// A string in a box, whose conversion lies.
() => { const s = new String('y'); s.toString = () => 'x'; return s }
