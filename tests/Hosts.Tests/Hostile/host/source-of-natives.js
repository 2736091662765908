// expect: success "true"
// The source of what is built in is not there.
() => [setTimeout, console.log, structuredClone, JSON.stringify].every(f => !/\bseen\b|System|Jint|=>\s*\{/.test(Function.prototype.toString.call(f)))
