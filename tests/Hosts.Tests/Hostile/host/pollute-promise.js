// expect: success "1"
// Promise is the function's own, and the platform still waits rightly.
async () => { globalThis.Promise = function () { throw 1 }; const P = (async () => {})().constructor; P.prototype.then = P.resolve = P.prototype.finally = () => { throw 1 }; Object.defineProperty(P, Symbol.species, { get() { throw 1 } }); return 1 }
