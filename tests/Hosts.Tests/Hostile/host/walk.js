// expect: success "[]"
// Everything that can be reached from the global object, by properties, prototypes and accessors: nothing of it
// tells of the host.
() => {
  const names = [], seen = new Set(), stack = [[globalThis, 'globalThis']]
  const looksLikeHost = text => /Jint|FaaS|System\.|GetType|\bCLR\b|importNamespace|\.dll|\.cs\b|process\.|require\b/.test(text)
  const visit = (value, path) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
    seen.add(value)
    stack.push([value, path])
  }
  while (stack.length > 0 && seen.size < 20000) {
    const [value, path] = stack.pop()
    let text = ''
    try { text = typeof value === 'function' ? Function.prototype.toString.call(value) : Object.prototype.toString.call(value) } catch { }
    if (looksLikeHost(text) && value !== globalThis.fn && !path.includes('callee')) names.push(path + ' ' + text.slice(0, 60))
    try { visit(Object.getPrototypeOf(value), path + '.__proto__') } catch { }
    for (const key of Reflect.ownKeys(value)) {
      if (looksLikeHost(String(key))) names.push(path + '.' + String(key))
      const own = Object.getOwnPropertyDescriptor(value, key)
      if (!own) continue
      visit(own.value, path + '.' + String(key)); visit(own.get, path + '.get ' + String(key)); visit(own.set, path + '.set ' + String(key))
      if (typeof own.value === 'string' && looksLikeHost(own.value)) names.push(path + '.' + String(key) + '=' + own.value)
      if (own.get) try { visit(value[key], path + '.' + String(key)) } catch (e) { if (looksLikeHost(String(e.stack))) names.push(path + ' threw ' + e.stack) }
    }
  }
  return names
}
