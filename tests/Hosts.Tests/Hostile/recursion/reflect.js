// expect: user_error RangeError | timeout
// By Reflect.apply.
() => { const f = () => Reflect.apply(f, null, []); f() }
