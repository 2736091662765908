// expect: success "nothing"
// By well-known symbols.
act => { if (act === 'leave') { String.prototype[Symbol.iterator] = Array.prototype[Symbol.iterator] = function* () { yield 'secret' }; Object.prototype[Symbol.toPrimitive] = () => 'secret'; return 'left' } return [...'a'][0] === 'a' && [...[1]][0] === 1 && `${{}}` === '[object Object]' ? 'nothing' : 'found' }
