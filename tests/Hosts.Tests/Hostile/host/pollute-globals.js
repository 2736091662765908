// expect: success "3"
// Every global is taken away.
async () => { const wait = setTimeout; const P = Promise; for (const key of Reflect.ownKeys(globalThis)) try { delete globalThis[key] } catch { } await new P(r => wait(r, 1)); return 1 + 2 }
