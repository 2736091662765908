// expect: success
// What is callable is written as text, whatever its traps are.
() => new Proxy(() => {}, { get(t, k) { return k === 'then' ? undefined : t[k] } })
