// expect: success "nothing"
// Variables and functions that an indirect eval makes.
act => { if (act === 'leave') { (0, eval)('var left = "secret"; let other = 1; function third() {}'); return 'left' } return (0, eval)('typeof left + typeof other + typeof third') === 'undefinedundefinedundefined' ? 'nothing' : 'found' }
