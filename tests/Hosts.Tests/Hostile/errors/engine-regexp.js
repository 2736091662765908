// expect: user_error SyntaxError | success
// Patterns that another engine below would have to refuse.
() => ['[', '(?<', '\\k<a>', '(?<=a)(?<!b)\\p{L}', '[\\d-z]', '\\u{110000}', '(?i:a)', '{1,0}', '(?<a>.)(?<a>.)'].map(p => { try { return new RegExp(p, 'u').test('a') } catch (e) { if (!(e instanceof SyntaxError)) throw e; return e.name } }).concat(new RegExp('['))
