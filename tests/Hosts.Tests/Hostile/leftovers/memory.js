// expect: success "nothing"
// Fresh memory is clean.
act => { if (act === 'leave') { const kept = []; for (let n = 0; n < 20; n++) kept.push(new Uint8Array(1 << 20).fill(0x5e)); return 'left' } for (let n = 0; n < 10; n++) { const a = new Uint8Array(1 << 20); if (a.indexOf(0x5e) >= 0 || a.some === undefined) return 'found' } const b = new Uint8Array(new ArrayBuffer(8, { maxByteLength: 1 << 20 }).slice(0)); return b.every(v => v === 0) && new Array(1000).findIndex(v => v !== undefined) < 0 ? 'nothing' : 'found' }
