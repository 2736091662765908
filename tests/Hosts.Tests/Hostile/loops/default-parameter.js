// expect: timeout
// Loops before the body begins.
(a = (() => { for (;;); })()) => a
