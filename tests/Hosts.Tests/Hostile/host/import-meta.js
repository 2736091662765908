// expect: refused
// Nor in the source.
() => import.meta.url
