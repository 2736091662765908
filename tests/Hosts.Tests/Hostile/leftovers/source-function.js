// expect: success "nothing"
// A property of the function itself, whose source is compiled once.
function self(act) { if (act === 'leave') { self.left = 'secret'; self.prototype.left = 'secret'; return 'left' } return self.left ?? self.prototype.left ?? 'nothing' }
