// expect: success "true"
// No other realm by which to get round one's own.
() => typeof ShadowRealm === 'undefined' || (() => { try { return new ShadowRealm().evaluate('typeof process + typeof require + typeof importNamespace') === 'undefinedundefinedundefined' } catch { return true } })()
