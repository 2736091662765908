// A BullMQ worker that runs add(a, b): in a fresh node:vm context for each job, or without a sandbox.
// As a process: node bullmq-worker.mjs <redis port> <vm|plain> <queue> <concurrency>; tells its parent when it is ready.
import vm from 'node:vm';
import { Worker } from 'bullmq';

export async function startWorker(port, mode, queue, concurrency) {
  const source = 'function add(a, b) { return a + b }';
  const script = new vm.Script(`(${source})(...args)`);
  const add = (0, eval)(`(${source})`);
  const run = mode === 'vm'
    ? async job => script.runInContext(vm.createContext({ args: job.data }))
    : async job => add(...job.data);
  const worker = new Worker(queue, run, { connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null }, concurrency });
  await worker.waitUntilReady();
  return worker;
}

if (process.send) {
  const [port, mode, queue, concurrency] = process.argv.slice(2);
  await startWorker(Number(port), mode, queue, Number(concurrency));
  process.on('disconnect', () => process.exit(0));
  process.send('ready');
}
