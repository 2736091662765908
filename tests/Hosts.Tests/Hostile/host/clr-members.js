// expect: success "[]"
// Members that every object of .NET has.
() => { const odd = [console, console.log, setTimeout, structuredClone, globalThis, Math, JSON, new Error('x'), new Date(), new Map(), [], new Uint8Array(1), Promise.resolve(), Symbol.iterator, new Proxy({}, {})]; return odd.flatMap(v => ['GetType', 'getType', 'ToString', 'Equals', 'GetHashCode', 'MemberwiseClone', 'Finalize', 'Engine', 'engine', 'Target', 'HostDefined', 'Prototype', '_engine', 'Value', 'Call', 'Invoke'].filter(name => v[name] !== undefined)) }
