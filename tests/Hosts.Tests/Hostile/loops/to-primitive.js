// expect: timeout
// Loops when it is made a number.
() => +{ [Symbol.toPrimitive]() { for (;;); } }
