// expect: user_error Error: the promise never settles: nothing is left that could settle it
// Where the platform does tell of unhandled rejections, it tells of one's own.
act => { if (act === 'leave') { Promise.reject(new Error('secret')); return 'left' } return new Promise(() => {}) }
