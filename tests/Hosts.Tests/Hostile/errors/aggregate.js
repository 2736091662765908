// expect: user_error AggregateError
// An error of a hundred thousand errors.
() => { throw new AggregateError(new Array(1e5).fill(new Error('x')), 'all') }
