// One run of a function, in a thread that can be ended. This is no sandbox: node:vm does not keep out who wants out.
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import vm from 'node:vm';

const { source, args } = workerData;
const logs = [];
const log = (level) => (...values) => logs.push({ at: new Date().toISOString(), level, text: values.map(String).join(' ') });
const console = Object.fromEntries(['debug', 'log', 'info', 'warn', 'error'].map((level) => [level, log(level)]));
const [born, busy] = [performance.now(), performance.eventLoopUtilization()];
let called = born;
let value, thrown;

try {
  const realm = vm.createContext({
    console, setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask, structuredClone,
  });
  const fn = vm.runInContext(`const fn = ${source}\n;fn`, realm);
  // The arguments are the realm's own objects: `instanceof Array` has to hold inside.
  const values = vm.runInContext('JSON.parse', realm)(args);
  called = performance.now();
  value = await fn(...values);
} catch (error) {
  thrown = { error };
}
if (thrown) finish('UserError', thrown.error);
else finish('Success', value);

function finish(outcome, value) {
  const wall = Math.round((performance.now() - born) * 1_000);
  // How long the thread's loop was busy is as near as Node 20 comes to the time of one thread.
  const cpu = Math.round(performance.eventLoopUtilization(busy).active * 1_000);
  const usage = { wall, cpu, coldStart: Math.round((called - born) * 1_000) };
  try {
    const end = outcome === 'Success' ? { outcome, ...textOf(value) } : { outcome, text: '', kind: 'None', error: errorOf(value) };
    parentPort.postMessage({ ...end, logs, usage });
  } catch (error) {
    // A cycle, or a BigInt inside: the function's mistake.
    parentPort.postMessage({ outcome: 'UserError', text: '', kind: 'None', error: errorOf(error), logs, usage });
  }
}

function textOf(value) {
  if (typeof value === 'string') return { kind: 'Text', text: value };
  const saysJson = value === null || typeof value === 'object' || typeof value === 'boolean' || Number.isFinite(value);
  const text = saysJson ? JSON.stringify(value) : undefined;
  return text === undefined ? { kind: 'Opaque', text: String(value) } : { kind: 'Json', text };
}

function errorOf(thrown) {
  const isError = typeof thrown?.name === 'string' && typeof thrown?.message === 'string';
  return isError ? { name: thrown.name, message: thrown.message, stack: thrown.stack } : { name: '', message: String(thrown) };
}
