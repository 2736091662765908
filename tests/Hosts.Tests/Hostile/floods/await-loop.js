// expect: timeout | memory_exceeded
// The loop of events never gets a turn.
async () => { for (;;) await null }
