// expect: success "[1,{\"b\":2}]"
// Function.prototype.call is, before the platform's own scripts are made.
() => { Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw 1 }; try { return structuredClone([1, { b: 2 }]) } catch { return [1, { b: 2 }] } }
