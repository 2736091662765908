// expect: success "1"
// Replaces the console, and what it is made of.
() => { Object.prototype.toString = Array.prototype.join = String.prototype.replace = () => { throw 1 }; Array.prototype[Symbol.iterator] = null; console.log({ a: [1, 'x'] }, 'y', new Error('z')); return 1 }
