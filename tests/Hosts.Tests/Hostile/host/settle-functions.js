// expect: success "[]"
// What a thenable is handed when the platform waits for it is not the platform's own.
() => ({ then(resolve, reject) { const found = [resolve, reject].filter(f => /fulfilled|rejected|threw/.test(f.name) || Object.keys(f).length > 0 || Object.getPrototypeOf(f) !== Function.prototype); resolve(found.map(f => f.name)) } })
