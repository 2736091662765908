// 32 in-process producers against one worker in the same process; every job is added on its own, awaited and read.
// usage: node bullmq.mjs <redis port> <vm|plain> <connections> <seconds>; prints one line of JSON.
import vm from 'node:vm';
import { Queue, QueueEvents, Worker } from 'bullmq';

const [port, mode, connections, seconds] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const name = `bench-${mode}-${process.pid}`;
const source = 'function add(a, b) { return a + b }';
const script = new vm.Script(`(${source})(...args)`);
const add = (0, eval)(`(${source})`);

const queue = new Queue(name, { connection });
const events = new QueueEvents(name, { connection });
queue.setMaxListeners(0);
events.setMaxListeners(0);
const run = mode === 'vm'
  ? async job => script.runInContext(vm.createContext({ args: job.data }))
  : async job => add(...job.data);
const worker = new Worker(name, run, { connection, concurrency: connections });
await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()]);

async function loop(span) {
  const end = performance.now() + span * 1000;
  const latencies = [];
  await Promise.all(Array.from({ length: connections }, async (_, at) => {
    for (let turn = at; performance.now() < end; turn++) {
      const value = turn % 64;
      const begun = performance.now();
      const job = await queue.add('add', [value, value + 1]);
      await job.waitUntilFinished(events);
      const stored = await queue.getJob(job.id); // like the GET that reads our result
      if (stored.returnvalue !== 2 * value + 1) throw new Error(`wrong value ${stored.returnvalue}`);
      latencies.push(performance.now() - begun);
    }
  }));
  return latencies;
}

await loop(2);
const begun = performance.now();
const latencies = (await loop(seconds)).sort((a, b) => a - b);
const took = (performance.now() - begun) / 1000;
const at = q => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))];
console.log(JSON.stringify({ jobs: latencies.length, jobsPerSecond: latencies.length / took, p50Ms: at(0.5), p99Ms: at(0.99) }));
await worker.close(true);
await events.close();
await queue.obliterate({ force: true });
await queue.close();
process.exit(0);
