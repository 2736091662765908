// expect: success "0"
// Getters are not run for a log.
() => { let n = 0; console.log({ get a() { n++; for (;;); } }, [{ get b() { n++ } }]); return n }
