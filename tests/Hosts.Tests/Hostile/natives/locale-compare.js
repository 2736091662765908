// expect: timeout
// Compares long texts by the rules of a language.
() => { const a = 'ä'.repeat(2e6), b = a + 'z'; for (;;) a.localeCompare(b) }
