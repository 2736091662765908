// expect: success "{\"a\":1}"
// Setters and getters on Object.prototype, while the platform works.
async () => { const define = Object.defineProperty; for (const name of ['set', 'value', 'writable', 'enumerable', 'configurable', 'done', 'next', 'return', 'get']) define(Object.prototype, name, Object.assign(Object.create(null), { get() { return undefined }, set() { throw new Error('reached') }, configurable: true })); return { a: 1 } }
