// expect: user_error
// There are no modules.
() => import('/etc/passwd')
