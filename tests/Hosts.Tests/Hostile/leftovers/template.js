// expect: success "nothing"
// The array of a tagged template, which the language keeps for each place in the source.
act => { const tag = parts => parts; const at = () => tag`one${1}two`; const parts = at(); if (act === 'leave') { try { parts.left = 'secret' } catch { } Object.getPrototypeOf(parts).left = 'secret'; Object.getPrototypeOf(parts.raw).left = 'secret'; return 'left' } return parts.left ?? parts.raw.left ?? (Object.getPrototypeOf(parts) === Array.prototype && parts instanceof Array ? 'nothing' : 'another realm') }
