// expect: success "nothing"
// Clocks, zones and formats.
act => { if (act === 'leave') { Date = class extends Date { constructor() { super(0) } }; Date.prototype.getTimezoneOffset = () => 1; if (typeof Intl === 'object') Intl.left = 'secret'; return 'left' } return new Date().getFullYear() < 2000 || new Date().getTimezoneOffset() !== 0 || (typeof Intl === 'object' && Intl.left) ? 'found' : 'nothing' }
