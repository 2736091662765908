// A whole worker, written from docs/protocol.md alone: it leases jobs, runs them in threads, and reports their ends.
import { randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Failure, Link, roleKey } from './faas.mjs';

const WORKER = 8, SLOTS = 2, TOTAL = 4, INLINE = 16_384;
const CANCELLED = { name: 'CancelledError', message: 'The job was cancelled.' };
const CRASHED = { name: 'CrashedError', message: 'The thread it ran in ended.' };
const NOT_RUN = { wall: 0, cpu: 0, coldStart: 0 };
const { FAAS_ROLE_KEY, FAAS_CLUSTER_SECRET, JQ_URL, DB_URL } = process.env;
const log = (line) => process.stdout.write(`${line}\n`);
const key = FAAS_ROLE_KEY ? Buffer.from(FAAS_ROLE_KEY, FAAS_ROLE_KEY.length === 64 ? 'hex' : 'base64')
  : FAAS_CLUSTER_SECRET ? roleKey(FAAS_CLUSTER_SECRET, 'worker') : Buffer.alloc(32);
const queue = new Link({ name: 'queue', url: JQ_URL, role: WORKER, key, log });
const db = new Link({ name: 'db', url: DB_URL, role: WORKER, key, log });

/** Who we are to the queue: the same over all sessions, another one after a restart. */
const worker = randomUUID();
const held = new Map(); // by token: { job, token, started, stop }
const sources = new Map(); // by hash
const asking = new AbortController();
let roomier = () => {};

const nameOf = ({ epoch, number }) => `${epoch}.${number}`;
const holding = () => [...held.values()].map(({ job, token, started }) => ({ job, token, started }));

/** Asks until there is an answer: everything a worker asks may be asked again. */
async function insist(link, row, body, deadlineMs, signal) {
  for (;;) {
    try {
      return await link.call(row, body(), deadlineMs, signal);
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
      if (['BadRequest', 'TooLarge', 'Forbidden', 'RouteNotFound'].includes(error.code)) throw error;
      log(`${row}: ${error.message}`);
      await after((error.retryAfterSeconds ?? 0.2) * 1_000);
    }
  }
}

async function leaseJobs() {
  while (!asking.signal.aborted) {
    if (held.size >= TOTAL) {
      await new Promise((resolve) => { roomier = resolve; });
      continue;
    }
    const request = () => ({ worker, slots: SLOTS, total: TOTAL, max: TOTAL - held.size, waitMs: 10_000, held: holding() });
    const { jobs = [], lost = [] } = await insist(queue, 'queue.lease-jobs/1', request, 15_000, asking.signal);
    lost.forEach(lose);
    for (const lease of jobs) {
      held.set(nameOf(lease.token), { ...lease, started: false, stop: () => {}, revoked: false });
      work(held.get(nameOf(lease.token))).catch((error) => log(`job ${lease.job}: ${error.message}`));
    }
  }
}

async function renewLeases() {
  for (;;) {
    await after(3_000);
    const { lost = [] } = await insist(queue, 'queue.renew-leases/1', () => ({ worker, held: holding() }), 3_000);
    lost.forEach(lose);
  }
}

async function watchLeases() {
  for (;;) {
    const { tokens = [] } = await insist(queue, 'queue.watch-leases/1', () => ({ worker, waitMs: 30_000 }), 35_000);
    for (const token of tokens) {
      const lease = held.get(nameOf(token));
      if (!lease) continue;
      lease.revoked = true;
      lease.stop();
    }
  }
}

/** The lease is another's now, or nobody's: what runs for it is ended, and not reported. */
function lose(token) {
  const lease = held.get(nameOf(token));
  held.delete(nameOf(token));
  lease?.stop();
  roomier();
}

let free = SLOTS;
const waiting = [];
const enter = () => free > 0 ? free-- : new Promise((resolve) => waiting.push(resolve));
const leave = () => waiting.length > 0 ? waiting.shift()() : free++;

async function work(lease) {
  const [source, args] = await Promise.all([sourceOf(lease.binding.hash), argumentsOf(lease)]);
  await enter();
  let end = null;
  try {
    if (!held.has(nameOf(lease.token))) return;
    if (!lease.revoked && args !== null) end = await run(lease, source, args);
  } finally {
    leave();
  }
  if (!held.has(nameOf(lease.token))) return;
  await complete(lease, end ?? { outcome: 'Cancelled', text: '', kind: 'None', error: CANCELLED, logs: [], usage: NOT_RUN });
  held.delete(nameOf(lease.token));
  roomier();
}

async function sourceOf(hash) {
  if (!sources.has(hash)) {
    const { bytes } = await insist(db, 'db.read-source/1', () => ({ hash }));
    sources.set(hash, Buffer.from(bytes, 'base64').toString());
  }
  return sources.get(hash);
}

async function argumentsOf(lease) {
  const { bytes } = lease.arguments ? { bytes: lease.arguments }
    : await insist(db, 'db.read-arguments/1', () => ({ job: lease.job, token: lease.token }));
  if (!lease.arguments) log(`job ${lease.job}: ${bytes?.length ?? 0} characters of arguments from db`);
  return bytes ? Buffer.from(bytes, 'base64').toString() : null;
}

function run(lease, source, args) {
  lease.started = true;
  const { timeout, memoryMiB } = lease.binding.limits;
  const since = performance.now();
  const thread = new Worker(new URL('./run.mjs', import.meta.url), {
    workerData: { source, args }, resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
  });
  return new Promise((resolve) => {
    const ended = (outcome, error) => {
      const wall = Math.round((performance.now() - since) * 1_000);
      return { outcome, text: '', kind: 'None', error, logs: [], usage: { wall, cpu: wall, coldStart: 0 } };
    };
    const stop = (end) => { clearTimeout(timer); thread.terminate(); resolve(end); };
    const timer = setTimeout(() => stop(ended('Timeout', { name: 'TimeoutError', message: `It ran longer than ${timeout / 1_000} ms.` })), timeout / 1_000);
    lease.stop = () => { log(`job ${lease.job}: stopped`); stop(ended('Cancelled', CANCELLED)); };
    thread.once('message', stop);
    thread.once('error', (error) => stop(error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      ? ended('MemoryExceeded', { name: 'MemoryError', message: `It took more than ${memoryMiB} MiB.` }) : ended('Crashed', CRASHED)));
    thread.once('exit', () => stop(ended('Crashed', CRASHED)));
  });
}

async function complete(lease, { outcome, text, kind, error, logs, usage }) {
  const end = {
    outcome, kind: outcome === 'Success' ? kind : 'None', usage,
    value: await bodyOf(outcome === 'Success' ? text : ''), logs: await bodyOf(JSON.stringify(logs)),
    ...(error ? { error } : {}),
  };
  const { stale = [] } = await insist(queue, 'queue.complete-jobs/1', () => ({ worker, reports: [{ job: lease.job, token: lease.token, end }] }));
  log(`job ${lease.job}: ${outcome}${stale.length > 0 ? ', stale' : ''}`);
}

/** What is too large to travel with the report is stored first; under one id, however often it takes. */
async function bodyOf(text) {
  const bytes = Buffer.from(text);
  if (bytes.length <= INLINE) return { inline: bytes.toString('base64') };
  const id = randomUUID();
  await insist(db, 'db.store-payload/1', () => ({ id, bytes: bytes.toString('base64') }));
  return { stored: id };
}

/** Nothing new; what has not begun is given back; what runs is finished and reported; then goodbye. */
async function stop() {
  // As long as a server waits for our goodbye, and no longer.
  setTimeout(() => process.exit(1), 40_000).unref();
  asking.abort();
  queue.leaving();
  db.leaving();
  const unstarted = [...held.values()].filter((lease) => !lease.started);
  const leases = holding().filter((lease) => !lease.started);
  unstarted.forEach((lease) => held.delete(nameOf(lease.token)));
  // One try: what is not given back ends with our watch, which the goodbye ends.
  await queue.call('queue.abandon-jobs/1', { worker, leases, leaving: true }, 5_000).catch((error) => log(error.message));
  while (held.size > 0) await new Promise((resolve) => { roomier = resolve; });
  await Promise.all([queue.close(), db.close()]);
  log('goodbye');
  process.exit();
}

process.once('SIGTERM', stop);
log(`backlog ${JSON.stringify(await insist(queue, 'queue.get-backlog/1', () => ({})))}`);
for (const loop of [leaseJobs, renewLeases, watchLeases])
  loop().catch((error) => { if (error.code !== 'cancelled') { log(`${loop.name}: ${error.message}`); process.exit(1); } });
