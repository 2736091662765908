// expect: timeout
// A Proxy that loops when it is looked at.
() => { console.log(new Proxy({}, { ownKeys() { for (;;); } })) }
