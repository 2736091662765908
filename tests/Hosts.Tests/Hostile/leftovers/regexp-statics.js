// expect: success "nothing"
// What matched last, as old engines keep it.
act => { if (act === 'leave') { /(se)(cret)/.exec('secret'); return 'left' } return [RegExp.$1, RegExp.lastMatch, RegExp['$&'], RegExp.input, RegExp.leftContext].some(v => String(v ?? '').includes('se')) ? 'found' : 'nothing' }
