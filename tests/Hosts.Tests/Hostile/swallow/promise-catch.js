// expect: timeout
// Catches by handlers of promises.
() => { const again = () => new Promise(() => { for (;;); }).catch(again).finally(again); return again() }
