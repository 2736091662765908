// expect: success "[]"
// What other hosts have, and what an engine of .NET could give.
() => ['process', 'require', 'module', 'exports', '__dirname', '__filename', 'Buffer', 'global', 'Deno', 'Bun', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Worker', 'importScripts', 'WebAssembly', 'System', 'importNamespace', 'clr', 'CLR', 'host', 'Engine', 'Jint', 'AppDomain', 'Console', 'Environment', 'load', 'read', 'print', 'quit', 'gc', 'java', 'Packages', 'ActiveXObject', 'WScript', 'std', 'os', 'scriptArgs'].filter(name => name in globalThis || (0, eval)('typeof ' + name) !== 'undefined')
