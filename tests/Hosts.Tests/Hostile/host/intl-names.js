// expect: success "true"
// Languages and zones by whose names a host might look for files.
() => { for (const name of ['../../etc/passwd', '/etc/passwd', 'en-\u0000', 'x'.repeat(1e5), '..', 'C:\\']) { for (const f of [() => new Date().toLocaleString(name), () => new Date().toLocaleString('en', { timeZone: name }), () => (1).toLocaleString(name), () => new Intl.DateTimeFormat('en', { timeZone: name }), () => 'a'.localeCompare('b', name)]) { try { f() } catch (e) { if (!(e instanceof RangeError) || /System|TimeZone.*Exception|\.cs/.test(e.stack)) return String(e) } } } return true }
