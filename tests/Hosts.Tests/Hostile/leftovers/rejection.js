// expect: success "nothing"
// A rejection that nobody handled, told to whoever comes after.
async act => { if (act === 'leave') { Promise.reject(new Error('secret')); return 'left' } await new Promise(r => setTimeout(r, 5)); return 'nothing' }
