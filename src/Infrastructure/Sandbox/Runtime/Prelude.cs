using Acornima.Ast;
using Jint;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// The parts of the environment that are easiest said in JavaScript. Compiled once, evaluated in a realm on first use.
/// </summary>
internal static class Prelude
{
    /// <summary>
    /// Waits for a value by <c>await</c>, which a function cannot redirect by replacing <c>Promise.prototype.then</c>.
    /// </summary>
    public static readonly Prepared<Script> Settle = ScriptSource.PrepareInternal(
        """
        (async function (value, fulfilled, rejected) {
          let settled;
          try { settled = await value; } catch (error) { rejected(error); return; }
          fulfilled(settled);
        })
        """);

    /// <summary>Runs a callback as a microtask.</summary>
    public static readonly Prepared<Script> Microtask = ScriptSource.PrepareInternal(
        """
        (async function (callback, threw) {
          await undefined;
          try { callback(); } catch (error) { threw(error); }
        })
        """);

    /// <summary>Makes a <c>RangeError</c> by what the language itself throws: the global of that name may be the function's own.</summary>
    public static readonly Prepared<Script> RangeError = ScriptSource.PrepareInternal(
        """
        (function (message) {
          try { [].length = -1; } catch (error) { error.message = message; return error; }
        })
        """);

    /// <summary>An object that inherits nothing, whatever a function has made of <c>Object</c>.</summary>
    public static readonly Prepared<Script> Bare = ScriptSource.PrepareInternal("({ __proto__: null })");

    /// <summary>The structured clone algorithm over the types that exist here; nothing is transferable.</summary>
    public static readonly Prepared<Script> StructuredClone = ScriptSource.PrepareInternal(
        """
        (function () {
          const { getPrototypeOf, keys } = Object;
          const tag = Function.prototype.call.bind(Object.prototype.toString);
          const typed = getPrototypeOf(Uint8Array.prototype);
          const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
          const refuse = what => {
            const error = new Error(what + ' could not be cloned.');
            Object.defineProperty(error, 'name', { value: 'DataCloneError', configurable: true, writable: true });
            throw error;
          };
          const clone = (value, seen) => {
            if (typeof value === 'function') refuse(String(value));
            if (typeof value === 'symbol') refuse(String(value));
            if (typeof value !== 'object' || value === null) return value;
            if (seen.has(value)) return seen.get(value);
            const keep = copy => { seen.set(value, copy); return copy; };
            if (Array.isArray(value)) {
              const copy = keep(new Array(value.length));
              for (const key of keys(value)) copy[key] = clone(value[key], seen);
              return copy;
            }
            if (ArrayBuffer.isView(value)) {
              const buffer = clone(value.buffer, seen);
              return keep(value instanceof DataView
                ? new DataView(buffer, value.byteOffset, value.byteLength)
                : new globalThis[Reflect.get(typed, Symbol.toStringTag, value)](
                    buffer, value.byteOffset, value.length));
            }
            switch (tag(value)) {
              case '[object Date]': return keep(new Date(value.getTime()));
              case '[object RegExp]': return keep(new RegExp(value.source, value.flags));
              case '[object Boolean]':
              case '[object Number]':
              case '[object String]':
              case '[object BigInt]': return keep(Object(value.valueOf()));
              case '[object ArrayBuffer]': return keep(value.slice(0));
              case '[object Map]': {
                const copy = keep(new Map());
                for (const [key, item] of [...Map.prototype.entries.call(value)])
                  copy.set(clone(key, seen), clone(item, seen));
                return copy;
              }
              case '[object Set]': {
                const copy = keep(new Set());
                for (const item of [...Set.prototype.values.call(value)]) copy.add(clone(item, seen));
                return copy;
              }
              case '[object Error]': {
                const copy = keep(new (errors[value.name] || Error)(value.message));
                Object.defineProperty(copy, 'stack',
                  { value: value.stack, configurable: true, writable: true });
                if ('cause' in value) Object.defineProperty(copy, 'cause',
                  { value: clone(value.cause, seen), configurable: true, writable: true });
                return copy;
              }
              case '[object Promise]':
              case '[object WeakMap]':
              case '[object WeakSet]':
              case '[object WeakRef]': return refuse('#<' + tag(value).slice(8, -1) + '>');
              default: {
                const copy = keep({});
                for (const key of keys(value)) copy[key] = clone(value[key], seen);
                return copy;
              }
            }
          };
          return function structuredClone(value) {
            if (arguments.length === 0) throw new TypeError('structuredClone needs a value');
            return clone(value, new Map());
          };
        })()
        """);
}
