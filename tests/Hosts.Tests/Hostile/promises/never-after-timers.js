// expect: user_error Error: the promise never settles
// Is found out when the last timer has run.
() => new Promise(() => { setTimeout(() => {}, 5); setTimeout(() => {}, 10) })
