// expect: timeout
// Spends the time after the end in the finally.
() => { try { for (;;); } finally { for (;;); } }
