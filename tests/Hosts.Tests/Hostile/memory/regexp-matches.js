// expect: memory_exceeded
// A match for each of many characters.
() => [...'x'.repeat(4e6).matchAll(/(x)/g)].length
