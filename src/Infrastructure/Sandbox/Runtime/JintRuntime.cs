using System.Diagnostics;
using System.Text.RegularExpressions;
using Acornima;
using Acornima.Ast;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Protocol;
using Jint;
using Jint.Constraints;
using Jint.Native;
using Jint.Native.Json;
using Jint.Runtime;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// Runs functions in Jint. One wall-clock budget spans compilation, evaluation, the call, its timers and the
/// serialisation of what it returned; memory is the process's own heap limit.
/// </summary>
internal sealed class JintRuntime(TimeProvider time) : IFunctionRuntime
{
    private const int JsonDepthMax = 512;
    private const uint ArraySizeMax = 64 << 20;

    private readonly Compiled?[] _scripts = new Compiled?[FrameLimits.Slots];
    private readonly OperationDeadlineConstraint _deadline = new();
    private readonly ConsoleCapture _console = new(time);
    private readonly ReturnedValue _value = new();
    private readonly HeapLimit _heap = new();
    private Options? _options;
    private TimeSpan _optionsTimeout;
    private TimeSpan _load;
    private int _sourceLines;

    public void Release() => _heap.Release();

    public void Forget(ushort slot) => _scripts[slot] = null;

    public RunEnd Run(RunFrame run, ILogSink logs)
    {
        _console.Begin(logs, run.Limits.LogBytesMax);
        _heap.Apply(run.Limits.MemoryMiB);
        _deadline.Begin(run.Limits.Timeout);
        try
        {
            _load = TimeSpan.Zero;
            return RunWithinLimits(run) with { Load = _load };
        }
        catch (Exception exception)
        {
            return EndSafely(exception) with { Load = _load };
        }
        finally
        {
            _deadline.End();
        }
    }

    public SourceCheck Check(ReadOnlySpan<byte> source, RunLimits limits, out bool retire)
    {
        _heap.Apply(limits.MemoryMiB);
        _deadline.Begin(limits.Timeout);
        retire = false;
        ScriptPreparationException unparsed;
        try
        {
            _sourceLines = ScriptSource.LinesOf(source);
            using var realm = new Realm(OptionsFor(limits.Timeout), _console, limits.Timeout);
            return realm.Load(ScriptSource.Prepare(source)).IsCallable()
                ? new SourceCheck(true, null, null, null)
                : new SourceCheck(false, "The source is not a function: it must evaluate to something callable.", null, null);
        }
        catch (ScriptPreparationException exception)
        {
            unparsed = exception;
        }
        catch (Exception exception)
        {
            RunEnd end = EndSafely(exception);
            retire = end.Retire;
            SourcePlace? place = ScriptSource.PlaceOf(end.Error?.Stack, source);
            return new SourceCheck(false, CheckMessage(end, limits.Timeout), place?.Line, place?.Column);
        }
        finally
        {
            _deadline.End();
        }

        return ParseFailure(unparsed, source);
    }

    private RunEnd RunWithinLimits(RunFrame run)
    {
        long startedAt = Stopwatch.GetTimestamp();
        if (run.HasSource) _scripts[run.Slot] = Compile(run.Source);
        if (_scripts[run.Slot] is not { } compiled) return PlatformError("The sandbox lost a compiled script.");
        if (compiled.Error is not null) return RunEnd.Failed(Outcome.UserError, compiled.Error);

        _sourceLines = compiled.Lines;
        using var realm = new Realm(
            OptionsFor(run.Limits.Timeout), _console, run.Limits.Timeout, run.Environment.ToArray());
        JsValue function = realm.Load(compiled.Script);
        if (!function.IsCallable())
            return RunEnd.Failed(Outcome.UserError, new FunctionError("TypeError", "The source is not a function"));
        JsValue[]? arguments = ParseArguments(realm.Engine, run.Arguments);
        if (arguments is null) return PlatformError("The arguments are not a JSON array.");
        _load = Stopwatch.GetElapsedTime(startedAt);

        JsValue? returned = realm.Call(function, arguments, out FunctionError? failure);
        if (returned is null) return RunEnd.Failed(Outcome.UserError, failure);

        ReadOnlyMemory<byte> value = _value.Write(realm.Engine, returned, out ResultKind kind);
        return value.Length > run.Limits.ResultBytesMax
            ? RunEnd.Failed(Outcome.ResultTooLarge)
            : new RunEnd(Outcome.Success, kind, value, null, default, Retire: false);
    }

    /// <summary>A source that does not parse keeps its slot too: the agent counts on what it sent being there.</summary>
    private static Compiled Compile(ReadOnlySpan<byte> source)
    {
        ScriptPreparationException unparsed;
        try
        {
            return new Compiled(ScriptSource.Prepare(source), ScriptSource.LinesOf(source), null);
        }
        catch (ScriptPreparationException exception)
        {
            unparsed = exception;
        }

        SourceCheck check = ParseFailure(unparsed, source);
        string place = check.Line is null ? "" : $" ({ScriptSource.FileName}:{check.Line}:{check.Column})";
        return new Compiled(default, 0, new FunctionError("SyntaxError", check.Message + place));
    }

    private static JsValue[]? ParseArguments(Engine engine, ReadOnlySpan<byte> json)
    {
        if (json.SequenceEqual("[]"u8)) return [];
        try
        {
            JsValue parsed = new JsonParser(engine, JsonDepthMax + 1).Parse(json);
            return parsed.IsArray() ? [.. parsed.AsArray()] : null;
        }
        catch (JavaScriptException)
        {
            return null;
        }
    }

    /// <summary>Reading what was thrown runs the function's own code, which may end in any other way itself.</summary>
    private static RunEnd EndSafely(Exception exception)
    {
        try
        {
            return EndOf(exception);
        }
        catch (Exception second) when (second is not JavaScriptException)
        {
            return EndOf(second);
        }
    }

    /// <summary>What an exception that reached the top means. After one that nobody expects the child is retired.</summary>
    private static RunEnd EndOf(Exception exception) => exception switch
    {
        JavaScriptException thrown => RunEnd.Failed(Outcome.UserError, ThrownText.Read(thrown.Error)),
        TimeoutException or OperationCanceledException or RegexMatchTimeoutException => RunEnd.Failed(Outcome.Timeout),
        MemoryLimitExceededException => RunEnd.Failed(Outcome.MemoryExceeded),
        OutOfMemoryException => RunEnd.Failed(Outcome.MemoryExceeded, retire: true),
        InsufficientExecutionStackException => RunEnd.Failed(
            Outcome.UserError, new FunctionError("RangeError", "Maximum call stack size exceeded")),
        JintException or NotSupportedException => RunEnd.Failed(
            Outcome.UserError, new FunctionError("Error", exception.Message)),
        _ => PlatformError($"The engine failed: {exception.GetType().Name}: {exception.Message}"),
    };

    private static RunEnd PlatformError(string message) =>
        RunEnd.Failed(Outcome.PlatformError, new FunctionError("PlatformError", message), retire: true);

    /// <summary>
    /// What is wrong with a source that does not parse, and where. Not to be called from the handler of the exception:
    /// the frames it came from are still on the stack there, and leave no room to look again.
    /// </summary>
    private static SourceCheck ParseFailure(ScriptPreparationException exception, ReadOnlySpan<byte> source)
    {
        switch (exception.InnerException)
        {
            case ParseErrorException parse:
                SourcePlace? place = ScriptSource.PlaceOf(parse, source);
                return new SourceCheck(false, parse.Description ?? parse.Message, place?.Line, place?.Column);
            case OutOfMemoryException memory:
                throw memory;
            default:
                SourcePlace? deep = ScriptSource.DeepPlaceOf(source);
                return new SourceCheck(
                    false, "The source is nested too deeply to be compiled.", deep?.Line, deep?.Column);
        }
    }

    private static string CheckMessage(RunEnd end, TimeSpan deadline) => end.Outcome switch
    {
        Outcome.Timeout => $"The source took longer than {deadline.TotalSeconds:0.##} s to evaluate.",
        Outcome.MemoryExceeded => "The source needed too much memory to evaluate.",
        _ => $"The source failed when it was evaluated: {end.Error?.Text}",
    };

    /// <summary>
    /// The options are shared by all engines that run under the same timeout: one engine lives at a time, so they can
    /// share the one deadline.
    /// </summary>
    private Options OptionsFor(TimeSpan timeout)
    {
        if (_options is not null && _optionsTimeout == timeout) return _options;
        _optionsTimeout = timeout;
        return _options = CreateOptions(timeout);
    }

    private sealed record Compiled(Prepared<Script> Script, int Lines, FunctionError? Error);

    private Options CreateOptions(TimeSpan timeout)
    {
        var options = new Options
        {
            AgentCanSuspend = false,
            RetainFunctionSourceText = true,
            Culture = System.Globalization.CultureInfo.InvariantCulture,
            TimeZone = TimeZoneInfo.Utc,
        };
        options.Constraint(_deadline);
        options.Constraints.StackOverflowGuard = true;
        options.Constraints.MaxArraySize = ArraySizeMax;
        options.Constraints.RegexTimeout = timeout;
        options.Json.MaxParseDepth = JsonDepthMax;
        options.Modules.ModuleLoader = new NoModules();
        options.Interop.Enabled = false;
        options.Interop.AllowWrite = false;
        options.Interop.AllowGetType = false;
        options.Interop.BuildCallStackHandler = (name, location, _) => ScriptSource.StackLine(name, location, _sourceLines);
        Globals.Install(options);
        return options;
    }
}
