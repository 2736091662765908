// expect: user_error
// Throws a Proxy of an error, each trap of which throws.
() => { throw new Proxy(new Error('x'), { get() { throw 1 }, getPrototypeOf() { throw 2 }, has() { throw 3 } }) }
