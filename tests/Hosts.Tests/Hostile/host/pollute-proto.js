// expect: success "true"
// __proto__ of the global object, and of functions the platform made.
() => { Object.setPrototypeOf(setTimeout, null); Object.setPrototypeOf(console, new Proxy({}, { get() { throw 1 } })); try { globalThis.__proto__ = null } catch { } console.log('x'); return typeof setTimeout === 'function' }
