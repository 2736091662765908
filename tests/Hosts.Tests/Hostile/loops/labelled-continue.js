// expect: timeout
// Goes back to the outer loop before the inner one ends.
() => { outer: for (;;) { for (let i = 0; i < 10; i++) if (i === 5) continue outer } }
