// expect: success "nothing"
// Strings and numbers are values: nothing can be written on them.
act => { const s = 'a literal', n = 12345; if (act === 'leave') { try { s.left = 'secret'; n.left = 'secret' } catch { } String.prototype.left = Number.prototype.left = 'secret'; return 'left' } return s.left ?? n.left ?? 'nothing' }
