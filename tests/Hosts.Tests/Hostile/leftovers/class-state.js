// expect: success "nothing"
// Static and private members of a class in the source.
act => { class Box { static #held; static left; static put(v) { Box.#held = Box.left = v } static take() { return Box.#held ?? Box.left } } if (act === 'leave') { Box.put('secret'); return 'left' } return Box.take() ?? 'nothing' }
