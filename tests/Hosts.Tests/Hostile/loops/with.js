// expect: timeout
// Names are looked up in an object whose Proxy answers for all of them.
() => { const all = new Proxy({}, { has: (_, key) => key === 'on', get: (_, key) => key === 'on' }); with (all) { while (on); } }
