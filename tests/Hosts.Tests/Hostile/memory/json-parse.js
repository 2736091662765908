// expect: memory_exceeded
// Reads a text that becomes much larger.
() => JSON.parse('[' + '{},'.repeat(5e6) + '0]').length
