// expect: result_too_large
// A string of two megabytes.
() => 'x'.repeat(2 * 1024 * 1024)
