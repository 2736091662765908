// expect: timeout
// Leaves a timer behind that would go on after the stop.
() => new Promise(() => { const again = () => { setTimeout(again, 0); try { for (;;); } catch { } }; again() })
