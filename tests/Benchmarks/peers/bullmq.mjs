// In-process producers; every job is added on its own, awaited and read. The worker is in the same process, or in others.
// usage: node bullmq.mjs <redis port> <vm|plain> <producers> <seconds> <worker processes, 0: this one> <idle jobs>
// Prints one line of JSON.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Queue, QueueEvents } from 'bullmq';
import { startWorker } from './bullmq-worker.mjs';

const mode = process.argv[3];
const [port, connections, seconds, processes, idleJobs] = [2, 4, 5, 6, 7].map(at => Number(process.argv[at]));
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const name = `bench-${mode}-${process.pid}`;

const queue = new Queue(name, { connection });
const events = new QueueEvents(name, { connection });
queue.setMaxListeners(0);
events.setMaxListeners(0);
await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
const worker = processes === 0 ? await startWorker(port, mode, name, connections) : null;
const children = await Promise.all(Array.from({ length: processes }, async () => {
  const share = Math.ceil(connections / processes);
  const child = fork(new URL('./bullmq-worker.mjs', import.meta.url), [port, mode, name, share].map(String));
  await once(child, 'message');
  return child;
}));

async function runJob(value) {
  const begun = performance.now();
  const job = await queue.add('add', [value, value + 1]);
  await job.waitUntilFinished(events);
  const stored = await queue.getJob(job.id); // like the GET that reads our result
  if (stored.returnvalue !== 2 * value + 1) throw new Error(`wrong value ${stored.returnvalue}`);
  return performance.now() - begun;
}

async function loop(span) {
  const end = performance.now() + span * 1000;
  const latencies = [];
  await Promise.all(Array.from({ length: connections }, async (_, at) => {
    for (let turn = at; performance.now() < end; turn++) latencies.push(await runJob(turn % 64));
  }));
  return latencies;
}

await loop(20); // the warm-up, as long as ours
const begun = performance.now();
const latencies = (await loop(seconds)).sort((a, b) => a - b);
const took = (performance.now() - begun) / 1000;
const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
const idle = [];
for (let turn = 0; turn < idleJobs; turn++) idle.push(await runJob(turn % 64));
idle.sort((a, b) => a - b);
console.log(JSON.stringify({
  jobs: latencies.length, jobsPerSecond: latencies.length / took,
  p50Ms: at(latencies, 0.5), p99Ms: at(latencies, 0.99), idleP50Ms: at(idle, 0.5),
}));
children.forEach(child => child.kill());
await worker?.close(true);
process.exit(0);
