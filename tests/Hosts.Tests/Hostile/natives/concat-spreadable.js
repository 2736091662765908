// expect: timeout | memory_exceeded | user_error
// What says it may be spread, and is that long.
() => [].concat({ length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true }).length
