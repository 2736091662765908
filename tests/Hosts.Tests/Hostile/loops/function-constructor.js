// expect: timeout
// The same by way of Function.
() => new Function('for (;;);')()
