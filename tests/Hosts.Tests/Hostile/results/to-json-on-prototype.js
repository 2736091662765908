// expect: success "\"mine\""
// Changes how everything is written, in its own realm.
() => { Object.prototype.toJSON = () => 'mine'; return {} }
