// expect: success "1"
// Only the first counts.
() => new Promise((resolve, reject) => { resolve(1); resolve(2); reject(new Error('3')); throw 4 })
