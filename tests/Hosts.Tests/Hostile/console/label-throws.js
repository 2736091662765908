// expect: user_error Error: label
// A label that throws.
() => { console.count({ toString() { throw new Error('label') } }) }
