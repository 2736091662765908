// expect: success "true"
// No clock finer than a millisecond by a thread of its own: there are no threads.
() => typeof Worker === 'undefined' && (typeof SharedArrayBuffer === 'undefined' || new SharedArrayBuffer(8).byteLength === 8)
