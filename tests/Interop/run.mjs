// One run of a function, in a thread that can be ended. This is no sandbox: node:vm does not keep out who wants out.
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import vm from 'node:vm';

const { source, args } = workerData;
const logs = [];
const log = (level) => (...values) => logs.push({ at: Date.now(), level, text: values.map(String).join(' ') });
const console = Object.fromEntries(['debug', 'log', 'info', 'warn', 'error'].map((level) => [level, log(level)]));
const born = performance.now();
let called = born;

try {
  const realm = vm.createContext({
    console, setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask, structuredClone,
  });
  const fn = vm.runInContext(`const fn = ${source}\n;fn`, realm);
  // The arguments are the realm's own objects: `instanceof Array` has to hold inside.
  const values = vm.runInContext('JSON.parse', realm)(args);
  called = performance.now();
  finish('Success', await fn(...values));
} catch (error) {
  finish('UserError', error);
}

function finish(outcome, value) {
  const wall = Math.round((performance.now() - called) * 1_000);
  // How long the thread's loop was busy is as near as Node 20 comes to the time of one thread.
  const cpu = Math.round(performance.eventLoopUtilization().active * 1_000);
  const usage = { wall, cpu, coldStart: Math.round((called - born) * 1_000) };
  const isError = typeof value?.message === 'string' && typeof value?.name === 'string';
  if (outcome === 'UserError')
    value = isError ? { name: value.name, message: value.message, stack: value.stack } : { name: '', message: String(value) };
  const plain = value === null || typeof value !== 'object';
  const text = plain ? String(value) : JSON.stringify(value);
  parentPort.postMessage({ outcome, text, kind: plain ? 'Text' : 'Json', error: outcome === 'UserError' ? value : null, logs, usage });
}
