// expect: success "nothing"
// The platform's own script, and what it remembers.
act => { if (act === 'leave') { structuredClone.left = 'secret'; Map.prototype.get = () => 'secret'; Map.prototype.has = () => true; structuredClone([{ secret: 'secret' }]); return 'left' } const copy = structuredClone({ a: 1 }); return structuredClone.left ?? (copy.a === 1 ? 'nothing' : 'found') }
