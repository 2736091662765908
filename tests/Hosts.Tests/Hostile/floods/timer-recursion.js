// expect: timeout
// Each timer sets the next.
() => new Promise(() => { const again = () => setTimeout(again, 0); again() })
