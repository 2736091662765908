// A client of the protocol between the parts, written from docs/protocol.md alone.
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { Dealer } from 'zeromq';

const Kind = {
  hello: 1, challenge: 2, proof: 3, welcome: 4, request: 5, reply: 6, fault: 7, rejected: 8, heartbeat: 9,
  goodbye: 10, cancel: 11, credit: 12, leaving: 13,
};
const MORE = 1, CONTINUED = 2;
const WHOLE = 131_072, FRAGMENT = 65_536, LARGEST = 2_097_152, WINDOW = 4;
const NOBODY = Buffer.alloc(16), NOTHING = Buffer.alloc(0);

/** The key of a role, from the cluster's secret. */
export const roleKey = (secret, role) =>
  Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'utf8'), NOTHING, `faas/role/${role}/1`, 32));

/** Why a request has no answer of its own: `executed` is 'yes', 'no' or 'unknown'. */
export class Failure extends Error {
  constructor(executed, code, message, more = {}) {
    super(`${code}: ${message}`);
    Object.assign(this, { executed, code, ...more });
  }
}

export function encode({ kind, flags = 0, name = '', remaining = 0, total, correlation = 0, session = NOBODY }) {
  const head = Buffer.alloc(40 + name.length);
  head.writeUInt8(1, 0);
  head.writeUInt8(kind, 1);
  head.writeUInt8(flags, 2);
  head.writeUInt8(name.length, 3);
  head.writeUInt32BE(remaining, 8);
  head.writeUInt32BE(total, 12);
  head.writeBigUInt64BE(BigInt(correlation), 16);
  session.copy(head, 24);
  head.write(name, 40, 'latin1');
  return head;
}

function decode(head) {
  if (head.length < 40 || head[0] !== 1) throw new Error('a head of another version');
  return {
    kind: head[1], flags: head[2], total: head.readUInt32BE(12), correlation: Number(head.readBigUInt64BE(16)),
    session: head.subarray(24, 40),
  };
}

/** One session with one server, from hello to its end; it is never used again. */
class Session {
  #socket; #server; #id; #pending = new Map(); #parts = new Map(); #uploads = []; #outbox = []; #writing = false;
  #sent = 0; #received = 0; #correlation = 0; #uncredited = 0; #silent = 0; #beat; #end;
  /** Fulfilled with the reason when the session is over. */
  over = new Promise((resolve) => { this.#end = resolve; });

  static async open(url, role, key) {
    const session = new Session();
    await session.#handshake(url, role, key).catch((error) => { session.#socket.close(); throw error; });
    session.#beat = setInterval(() => session.#heartbeat(), 1_000);
    session.#listen();
    return session;
  }

  async #handshake(url, role, key) {
    const [identity, nonce] = [randomBytes(16), randomBytes(32)];
    identity[0] ||= 1;
    this.#socket = new Dealer({ linger: 0, routingId: identity, receiveTimeout: 5_000 });
    this.#socket.connect(url);
    const say = (kind, body) => this.#socket.send([encode({ kind, total: body.length }), body]);
    const hear = async (kind, length) => {
      const [first, body] = await this.#socket.receive();
      const head = decode(first);
      if (head.kind === Kind.rejected) throw new Failure('no', 'rejected', body.toString());
      if (head.kind !== kind || body.length !== length) throw new Failure('no', 'handshake', `kind ${head.kind}`);
      return [head, body];
    };
    await say(Kind.hello, Buffer.concat([Buffer.of(role), nonce, identity]));
    const [, challenge] = await hear(Kind.challenge, 48);
    this.#server = challenge.subarray(0, 16);
    const mac = (label, ...end) => createHmac('sha256', key).update(Buffer.concat([
      Buffer.from(label.padEnd(16, '\0')), Buffer.of(1, role), this.#server, nonce, challenge.subarray(16), identity, ...end,
    ])).digest();
    await say(Kind.proof, mac('faas/proof/1'));
    const [head, welcome] = await hear(Kind.welcome, 32);
    this.#id = Buffer.from(head.session);
    // Before anything else is sent: only who knows the key can have made this.
    if (!timingSafeEqual(welcome, mac('faas/welcome/1', this.#id))) throw new Failure('no', 'handshake', 'a false welcome');
    this.#socket.receiveTimeout = -1;
  }

  /** Sends a request; its body, or a Failure. */
  request(name, body, remaining, signal) {
    const correlation = ++this.#correlation;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(correlation)?.reject(new Failure('unknown', 'deadline', name)), remaining);
      const cancel = () => {
        this.#settle(correlation)?.reject(new Failure('unknown', 'cancelled', name));
        this.#post({ kind: Kind.cancel, correlation });
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const forget = () => { clearTimeout(timer); signal?.removeEventListener('abort', cancel); };
      this.#pending.set(correlation, { resolve, reject, forget });
      if (body.length <= WHOLE) this.#post({ kind: Kind.request, name, remaining, correlation }, body);
      else this.#uploads.push({ name, remaining, correlation, body, at: 0 });
      this.#pump();
    });
  }

  /** Tells the server that we were told to stop, and still have to ask for something. */
  leaving() { this.#post({ kind: Kind.leaving }); }

  /** Ends the session from our side. */
  async close() {
    if (!this.#id) return;
    // With linger 0 a goodbye that is not out yet would be thrown away with the socket.
    this.#post({ kind: Kind.goodbye });
    await after(200);
    this.#finish('goodbye, said by us');
  }

  #settle(correlation) {
    const waiting = this.#pending.get(correlation);
    this.#pending.delete(correlation);
    waiting?.forget();
    return waiting;
  }

  #post(head, body = NOTHING) {
    if (!this.#id) return;
    this.#outbox.push([encode({ total: body.length, ...head, session: this.#id }), body]);
    this.#sent++;
    this.#write();
  }

  async #write() {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#outbox.length > 0 && !this.#socket.closed) await this.#socket.send(this.#outbox.shift()).catch(() => {});
    this.#writing = false;
  }

  /** Fragments go out as far as credit allows; small messages are posted at once and so overtake them. */
  #pump() {
    while (this.#uploads.length > 0 && this.#uncredited < WINDOW) {
      const { name, remaining, correlation, body, at } = this.#uploads[0];
      const end = Math.min(at + FRAGMENT, body.length);
      const flags = (end < body.length ? MORE : 0) | (at > 0 ? CONTINUED : 0);
      const first = at === 0 ? { name, remaining } : {};
      this.#post({ kind: Kind.request, flags, total: body.length, correlation, ...first }, body.subarray(at, end));
      this.#uploads[0].at = end;
      // The last fragment of a body gets no credit, and needs none.
      if (flags & MORE) this.#uncredited++;
      else this.#uploads.shift();
    }
  }

  #heartbeat() {
    // Beats without a frame, and not time: a process that stood still itself must not blame the server.
    if (++this.#silent > 3) return this.#finish('the server is silent');
    this.#post({ kind: Kind.heartbeat, correlation: this.#sent }, this.#server);
  }

  async #listen() {
    try {
      for await (const [head, body] of this.#socket) {
        this.#silent = 0;
        this.#take(decode(head), body ?? NOTHING);
      }
    } catch (error) {
      this.#finish(error.message);
    }
  }

  #take(head, body) {
    if (!this.#id) return;
    if (head.kind === Kind.rejected && head.session.equals(NOBODY)) return this.#finish(`rejected: ${body}`);
    if (!head.session.equals(this.#id)) return;
    const before = this.#received++;
    if (head.kind === Kind.goodbye) return this.#finish(`goodbye ${body}`);
    if (head.kind === Kind.credit) {
      this.#uncredited--;
      return this.#pump();
    }
    if (head.kind === Kind.heartbeat) {
      if (!body.equals(this.#server)) this.#finish('another server');
      else if (head.correlation !== before) this.#finish(`${head.correlation} frames were sent to us, ${before} arrived`);
      return;
    }
    // Credit also for what nobody waits for any more: it is the server's window, not the request's.
    if (head.flags & MORE) this.#post({ kind: Kind.credit, correlation: head.correlation });
    if (head.flags === 0) return this.#answer(head, body);
    const parts = head.flags & CONTINUED ? this.#parts.get(head.correlation) : [];
    parts?.push(body);
    this.#parts.set(head.correlation, parts);
    if (head.flags & MORE) return;
    this.#parts.delete(head.correlation);
    const whole = Buffer.concat(parts ?? []);
    if (whole.length !== head.total) return this.#finish('a body of another length than announced');
    this.#answer(head, whole);
  }

  #answer({ kind, correlation }, body) {
    const waiting = this.#settle(correlation);
    if (kind === Kind.reply) return waiting?.resolve(body);
    if (kind === Kind.rejected) return waiting?.reject(new Failure('no', 'rejected', body.toString()));
    const { code, message, ...more } = JSON.parse(body.toString());
    waiting?.reject(new Failure('see the code', code, message, more));
  }

  #finish(reason) {
    if (!this.#id) return;
    this.#id = null;
    clearInterval(this.#beat);
    for (const correlation of [...this.#pending.keys()]) this.#settle(correlation).reject(new Failure('unknown', 'lost', reason));
    this.#outbox.length = 0;
    this.#socket.close();
    this.#end(reason);
  }
}

/** A server, through one session after another. */
export class Link {
  #session; #waiting = []; #stopped = false;

  constructor({ name, url, role, key, log }) {
    Object.assign(this, { name, log });
    this.#keep(url, role, key);
  }

  /** Asks once. Without a session it waits for one until the deadline. */
  async call(row, body, deadlineMs = 10_000, signal) {
    const bytes = Buffer.from(JSON.stringify(body));
    if (bytes.length > LARGEST) throw new Failure('no', 'TooLarge', row);
    const until = performance.now() + deadlineMs;
    const session = this.#session ?? await Promise.race([
      new Promise((resolve) => this.#waiting.push(resolve)), after(deadlineMs, null, { ref: false }),
    ]);
    const remaining = Math.floor(until - performance.now());
    if (!session || remaining < 1) throw new Failure('no', 'Unavailable', `no session with ${this.name}`);
    return JSON.parse((await session.request(row, bytes, remaining, signal)).toString());
  }

  leaving() { this.#session?.leaving(); }

  async close() {
    this.#stopped = true;
    await this.#session?.close();
  }

  async #keep(url, role, key) {
    for (let pause = 50; !this.#stopped; pause = Math.min(pause * 2, 1_000)) {
      try {
        this.#session = await Session.open(url, role, key);
        this.log(`${this.name}: connected`);
        for (const resolve of this.#waiting.splice(0)) resolve(this.#session);
        pause = 25;
        const reason = await this.#session.over;
        this.log(`${this.name}: ${reason}`);
      } catch (error) {
        this.log(`${this.name}: ${error.message}`);
      }
      this.#session = null;
      await after(pause * (0.5 + Math.random() / 2));
    }
  }
}
