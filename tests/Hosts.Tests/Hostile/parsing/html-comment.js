// expect: refused
// Would comment out what stands behind it.
() => 1 /*
