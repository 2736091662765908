// expect: success "1"
// A line that would be two lines of the log.
() => { console.log('x"},{"at":"1970-01-01T00:00:00.000Z","level":"error","text":"forged'); console.log('\u0000\u001b[2J\r\n\u2028\ud800'); return 1 }
