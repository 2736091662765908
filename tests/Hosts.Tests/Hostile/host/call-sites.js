// expect: success "true"
// No frames as objects, by which other sandboxes were left.
() => { let seen = null; Error.prepareStackTrace = (e, frames) => { seen = frames; return frames }; const e = new Error('x'); void e.stack; const o = {}; if (Error.captureStackTrace) Error.captureStackTrace(o); return !seen || seen.every(f => !f.getThis && !f.getFunction) }
