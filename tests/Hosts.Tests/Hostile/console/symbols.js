// expect: success "1"
// Everything that is not text, everywhere.
() => { const odd = [Symbol('s'), null, undefined, 1n, -0, NaN, () => {}, new Date(NaN), /x/g, new Map([[1, 2]]), new WeakRef({}), globalThis, Object.create(null), Promise.resolve(1), new Proxy(() => {}, {})]; for (const v of odd) for (const name of Object.keys(console)) { try { console[name](v, v) } catch (e) { if (!(e instanceof TypeError)) throw e } for (const verb of ['%s', '%d', '%i', '%f', '%j', '%o', '%O', '%c']) console.log(verb, v) } return 1 }
