// expect: timeout
// Loops in code that is compiled at run time.
() => eval('for (;;);')
