// expect: user_error
// Nor with attributes.
() => import('./appsettings.json', { with: { type: 'json' } })
