// expect: timeout | success "-1"
// A needle that almost matches at every place.
() => { const s = 'a'.repeat(4e6); for (;;) s.indexOf('a'.repeat(1e6) + 'b') }
