// expect: result_too_large
// Small until it is escaped.
() => ['\u0001'.repeat(3e5)]
