// expect: timeout
// Nothing in it that would be a statement to count.
() => { for (;;); }
