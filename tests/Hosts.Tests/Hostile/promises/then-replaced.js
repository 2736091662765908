// expect: success "1"
// Promise.prototype.then that never calls back does not keep the result.
() => { Promise.prototype.then = () => {}; return Promise.resolve(1) }
