// expect: timeout | memory_exceeded | success
// Compares long strings that differ in the last place, without calling back.
() => { const s = 'x'.repeat(1e6); return Array.from({ length: 5000 }, (_, n) => n % 2 ? s + 'a' : s + 'b').sort().length }
