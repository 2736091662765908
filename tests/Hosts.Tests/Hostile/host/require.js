// expect: user_error ReferenceError
// What Node.js has.
() => require('fs').readFileSync('/etc/passwd', 'utf8')
