// A server that speaks MongoDB's wire protocol, in memory, on the loopback address. It prints the port it took and ends
// with the process that started it (its standard input ends). It proves that commands are well formed and that what is
// built on guarded updates of one document works; it proves nothing about MongoDB's durability, indexes or speed.
const congodb = './node_modules/@push.rocks/smartmongo/dist_ts/congodb';
const { CongoServer } = await import(`${congodb}/index.js`);
const { UpdateEngine } = await import(`${congodb}/engine/UpdateEngine.js`);

// An update copies the document, and its copy of binary data is no longer binary data. BSON values never change, so
// they need no copy.
const clone = UpdateEngine.deepClone;
UpdateEngine.deepClone = function (value) {
  return value?._bsontype ? value : clone.call(this, value);
};

const server = new CongoServer({ port: 0, host: '127.0.0.1' });
await server.start();
console.log(`port ${server.server.address().port}`);

process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();
