// expect: success "1"
// A promise of a class whose constructor and species lie.
() => { class Liar extends Promise { static get [Symbol.species]() { throw 1 } } return Liar.resolve(1) }
