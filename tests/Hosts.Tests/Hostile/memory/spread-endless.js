// expect: memory_exceeded | timeout
// Arguments from an iterator without an end.
() => Math.max(...(function* () { for (let n = 0; ; n++) yield n })())
