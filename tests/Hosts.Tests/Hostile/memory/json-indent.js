// expect: memory_exceeded
// Indents each of many levels by ten.
() => { let v = 1; for (let n = 0; n < 300; n++) v = [v]; return JSON.stringify(new Array(1e4).fill(v), null, 10).length }
