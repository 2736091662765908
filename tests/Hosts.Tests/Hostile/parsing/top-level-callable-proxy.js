// expect: success "1"
// What is callable is a function, be it a Proxy.
new Proxy(() => 1, {})
