// expect: success
// Dates at the ends of time, and beyond.
() => [8.64e15, -8.64e15, 8.64e15 + 1, Infinity, -1e300].map(t => String(new Date(t)) + new Date(t).toLocaleString('xx-Latn') + new Date(t).getDay())
