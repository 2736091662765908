// expect: user_error
// Throws a Proxy that is no longer there.
() => { const { proxy, revoke } = Proxy.revocable(new Error('x'), {}); revoke(); throw proxy }
