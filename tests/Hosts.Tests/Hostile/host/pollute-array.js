// expect: success "[1,2]"
// The platform does not walk arrays by what a function can replace.
() => { Array.prototype[Symbol.iterator] = function* () { yield 'mine' }; Object.defineProperty(Array.prototype, 'length', { value: 0, writable: true }); Array.prototype.push = Array.prototype.slice = Array.prototype.map = () => { throw 1 }; setTimeout(() => {}, 0, 1, 2); return [1, 2] }
