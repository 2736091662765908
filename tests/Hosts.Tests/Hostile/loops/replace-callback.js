// expect: timeout
// The callback of replace never answers.
() => 'a'.replace(/a/, () => { for (;;); })
