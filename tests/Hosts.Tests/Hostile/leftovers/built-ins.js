// expect: success "nothing"
// Replaced functions of the language.
act => { if (act === 'leave') { Math.random = () => 'secret'; JSON.stringify = Date.now = Array.prototype.map = () => 'secret'; return 'left' } return [Math.random(), JSON.stringify(1), Date.now(), [1].map(x => x)[0]].includes('secret') ? 'found' : 'nothing' }
