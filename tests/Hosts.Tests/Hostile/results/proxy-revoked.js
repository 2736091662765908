// expect: user_error TypeError
// A Proxy that is no longer there.
() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy }
