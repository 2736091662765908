// expect: refused
// Recurses while it is registered.
(function f() { f() })()
