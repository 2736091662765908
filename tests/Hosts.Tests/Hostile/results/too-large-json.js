// expect: result_too_large
// Many small things.
() => new Array(4e5).fill('abc')
