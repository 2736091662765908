using System.Diagnostics;
using Acornima.Ast;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Native;
using Jint;
using Jint.Native;
using Jint.Native.Promise;
using Jint.Runtime;
using Jint.Runtime.Interop;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// One invocation's world: a fresh engine with its timers, and the loop that runs it until the returned promise
/// settles. Nothing of it is used again.
/// </summary>
internal sealed class Realm : IDisposable
{
    private readonly Engine _engine;
    private readonly TimerQueue _timers = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly TimeSpan _timeout;
    private long _nowMs;
    private JsValue? _settled;
    private FunctionError? _failure;
    private JsValue? _microtask;
    private JsValue? _unhandled;

    /// <param name="options">The engine's.</param>
    /// <param name="console">Takes what is written.</param>
    /// <param name="timeout">The run's.</param>
    /// <param name="environment">A JSON object of strings; empty for nothing.</param>
    public Realm(Options options, ConsoleCapture console, TimeSpan timeout, byte[]? environment = null)
    {
        _engine = new Engine(options);
        _engine.Advanced.HostDefined = this;
        _engine.Advanced.PromiseRejectionTracker += NoteRejection;
        _timeout = timeout;
        Console = console;
        Environment = environment ?? [];
    }

    public Engine Engine => _engine;

    public ConsoleCapture Console { get; }

    /// <summary>What the function finds in <c>env</c>: a JSON object of strings; empty for nothing.</summary>
    public byte[] Environment { get; }

    /// <summary>The realm an engine's native functions belong to.</summary>
    public static Realm Of(Engine engine) => (Realm)engine.Advanced.HostDefined!;

    /// <summary>Evaluates a source; the value it initialised its constant with.</summary>
    public JsValue Load(in Prepared<Script> script) => _engine.Evaluate(script);

    /// <summary>
    /// Calls the function and waits for what it returned. Answers the value, or null when <paramref name="failure"/>
    /// says why there is none.
    /// </summary>
    /// <exception cref="JavaScriptException">The function, or its promise, threw.</exception>
    /// <exception cref="TimeoutException">The time is over.</exception>
    public JsValue? Call(JsValue function, JsValue[] arguments, out FunctionError? failure)
    {
        JsValue returned = _engine.Call(function, JsValue.Undefined, arguments);
        failure = null;
        if (!IsAwaitable(returned)) return returned;

        _engine.Call(
            _engine.Evaluate(Prelude.Settle), JsValue.Undefined,
            [returned, Native("fulfilled", value => _settled ??= value), Native("rejected", Fail)]);
        _engine.Advanced.ProcessTasks();
        while (_settled is null && _failure is null) TurnLoop();
        failure = _failure;
        return failure is null ? _settled : null;
    }

    /// <summary>Schedules a callback; the id to cancel it by.</summary>
    public int AddTimer(JsValue[] arguments, bool repeats)
    {
        JsValue callback = arguments.Length > 0 ? arguments[0] : JsValue.Undefined;
        if (!callback.IsCallable()) throw new JavaScriptException(_engine.Intrinsics.TypeError, "The callback is not a function");
        if (_timers.IsFull) throw RangeError($"More than {TimerQueue.LiveMax} timers at a time");
        double delay = arguments.Length > 1 ? TypeConverter.ToNumber(arguments[1]) : 0;
        return _timers.Add(
            callback, arguments.Length > 2 ? arguments[2..] : [], _nowMs, TimerQueue.DelayMs(delay), repeats);
    }

    public void CancelTimer(JsValue id)
    {
        if (id.IsNumber() && id.AsNumber() is >= 0 and <= int.MaxValue) _timers.Cancel((int)id.AsNumber());
    }

    public void QueueMicrotask(JsValue callback)
    {
        if (!callback.IsCallable()) throw new JavaScriptException(_engine.Intrinsics.TypeError, "The callback is not a function");
        _microtask ??= _engine.Evaluate(Prelude.Microtask);
        _engine.Call(_microtask, JsValue.Undefined, [callback, Native("threw", Fail)]);
    }

    public void Dispose() => _engine.Dispose();

    /// <summary>One turn: wait for the earliest timer, run its callback, then all microtasks.</summary>
    private void TurnLoop()
    {
        if (_timers.NextDueMs() is not { } due)
        {
            _failure ??= NeverSettles();
            return;
        }

        WaitUntil(due);
        ScriptTimer timer = _timers.Take(_nowMs);
        _engine.Call(timer.Callback, JsValue.Undefined, timer.Arguments);
        _engine.Advanced.ProcessTasks();
    }

    /// <summary>Sleeps, not longer than the deadline, and moves the loop's clock.</summary>
    private void WaitUntil(long dueMs)
    {
        while (true)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_startedAt);
            if (elapsed >= _timeout) throw new TimeoutException();
            _nowMs = Math.Max(_nowMs, (long)elapsed.TotalMilliseconds);
            if (_nowMs >= dueMs) return;

            double waitMs = Math.Min(dueMs - elapsed.TotalMilliseconds, (_timeout - elapsed).TotalMilliseconds);
            _ = Libc.PollNothing(0, 0, (int)Math.Min(int.MaxValue, Math.Ceiling(waitMs)));
        }
    }

    /// <summary>A rejection that nobody handled is the likely reason why nobody settles the promise.</summary>
    private FunctionError NeverSettles()
    {
        const string message = "the promise never settles: nothing is left that could settle it";
        if (_unhandled is null) return new FunctionError("Error", message);
        FunctionError cause = ThrownText.Read(_unhandled);
        return new FunctionError("Error", $"{message}; a rejection was not handled: {cause.Text}", cause.Stack);
    }

    private void NoteRejection(object? sender, PromiseRejectionTrackerEventArgs rejection) =>
        _unhandled = rejection.Operation == PromiseRejectionOperation.Reject ? rejection.Value : null;

    private void Fail(JsValue thrown) => _failure ??= ThrownText.Read(thrown);

    /// <summary>A promise, or an object that says how to wait for it. Reading <c>then</c> may run the user's code.</summary>
    private static bool IsAwaitable(JsValue value) =>
        value.IsObject() && (value.IsPromise() || value.AsObject().Get("then").IsCallable());

    private ClrFunction Native(string name, Action<JsValue> action) =>
        new(_engine, name, (_, arguments) =>
        {
            action(arguments.Length > 0 ? arguments[0] : JsValue.Undefined);
            return JsValue.Undefined;
        });

    private JavaScriptException RangeError(string message) =>
        new(_engine.Call(_engine.Evaluate(Prelude.RangeError), JsValue.Undefined, [JsString.Create(message)]));
}
