// expect: success "1"
// Freezes all there is.
async () => { for (const key of Reflect.ownKeys(globalThis)) try { Object.freeze(globalThis[key]); if (globalThis[key]?.prototype) Object.freeze(globalThis[key].prototype) } catch { } try { Object.freeze(globalThis) } catch { } await null; console.log('x'); return 1 }
