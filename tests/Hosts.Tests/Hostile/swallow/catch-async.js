// expect: timeout
// Awaits and catches for ever.
async () => { for (;;) { try { await (async () => { for (;;); })() } catch { } } }
