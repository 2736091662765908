// expect: memory_exceeded
// A string for each of many characters.
() => ('xy'.repeat(1e7)).split('x').length
