using System.Buffers;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>What one child is busy with. It completes exactly once: by the child's answer, or by the child's death.</summary>
internal abstract class Assignment(string user, RunLimits limits, TimeSpan cpuLimit)
{
    public RunLimits Limits { get; } = limits;

    public TimeSpan CpuLimit { get; } = cpuLimit;

    /// <summary>Whose code it is, by name.</summary>
    public string User { get; } = user;

    public long StartedAt { get; set; }

    public TimeSpan CpuAtStart { get; set; }

    /// <summary>The child's CPU clock when the agent last looked; of a dead child nothing can be read any more.</summary>
    public TimeSpan CpuLastSeen { get; set; }

    /// <summary>Why the agent killed the child; null while it has not.</summary>
    public Outcome? Verdict { get; set; }

    public abstract FrameKind Request { get; }

    /// <summary>Takes log lines that came before the end.</summary>
    public abstract void AddLogs(ReadOnlySpan<byte> lines);

    /// <summary>Reads the child's answer; whether the child asks to be retired. Completion waits for <see cref="Release"/>.</summary>
    /// <exception cref="BadFrameException">It is not an answer to this.</exception>
    public abstract bool Answer(Frame frame, TimeSpan wall, TimeSpan cpu);

    /// <summary>Settles it without an answer.</summary>
    public abstract void Fail(Outcome outcome, string? detail, TimeSpan wall, TimeSpan cpu);

    /// <summary>Tells whoever waits. Called after the child is back in the pool, so that it can be used at once.</summary>
    public abstract void Release();
}

/// <summary>One invocation.</summary>
internal sealed class RunAssignment(Invocation invocation, RunLimits limits, TimeSpan cpuLimit)
    : Assignment(invocation.User, limits, cpuLimit)
{
    private readonly TaskCompletionSource<AttemptResult> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ArrayBufferWriter<byte>? _logs;
    private AttemptResult? _result;

    public Invocation Invocation { get; } = invocation;

    public Task<AttemptResult> Ended => _ended.Task;

    public override FrameKind Request => FrameKind.Run;

    public override void AddLogs(ReadOnlySpan<byte> lines)
    {
        if (lines.IsEmpty) return;
        if ((_logs?.WrittenCount ?? 0) + lines.Length > Limits.LogBytesMax)
            throw new BadFrameException("A child sent more log lines than a run may write.");
        if (_logs is null)
        {
            _logs = new ArrayBufferWriter<byte>(lines.Length + 2);
            _logs.Write("["u8);
        }

        _logs.Write(lines);
        Invocation.Lines?.Append(lines);
    }

    public override bool Answer(Frame frame, TimeSpan wall, TimeSpan cpu)
    {
        if (frame.Kind != FrameKind.Ended) throw new BadFrameException($"A run does not end with {frame.Kind}.");
        RunEnd end = EndedFrame.Parse(frame.Body, out ReadOnlySpan<byte> logs);
        AddLogs(logs);
        FunctionError? error = end.Outcome is Outcome.Success or Outcome.UserError
            ? end.Error
            : PlatformErrors.For(end.Outcome, Limits, end.Error?.Message);
        byte[] value = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(end.Value, out ArraySegment<byte> bytes)
            && bytes.Array!.Length == bytes.Count ? bytes.Array : end.Value.ToArray();
        _result = new AttemptResult(
            end.Outcome, end.Kind, value, error, TakeLogs(), new ResourceUsage(wall, cpu, end.Load));
        return end.Retire;
    }

    public override void Fail(Outcome outcome, string? detail, TimeSpan wall, TimeSpan cpu) =>
        _result = new AttemptResult(
            outcome, ResultKind.None, [], PlatformErrors.For(outcome, Limits, detail), TakeLogs(),
            new ResourceUsage(wall, cpu, TimeSpan.Zero));

    public override void Release() => _ended.TrySetResult(_result!);

    private byte[] TakeLogs()
    {
        if (_logs is null) return [];
        _logs.Write("]"u8);
        return _logs.WrittenSpan.ToArray();
    }
}

/// <summary>One check of a source.</summary>
internal sealed class CheckAssignment(string user, ReadOnlyMemory<byte> source, RunLimits limits)
    : Assignment(user, limits, limits.Timeout)
{
    private readonly TaskCompletionSource<SourceCheck> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SourceCheck? _result;

    public ReadOnlyMemory<byte> Source { get; } = source;

    public Task<SourceCheck> Ended => _ended.Task;

    public override FrameKind Request => FrameKind.Check;

    public override void AddLogs(ReadOnlySpan<byte> lines)
    {
    }

    public override bool Answer(Frame frame, TimeSpan wall, TimeSpan cpu)
    {
        if (frame.Kind != FrameKind.Checked) throw new BadFrameException($"A check does not end with {frame.Kind}.");
        _result = CheckedFrame.Parse(frame.Body, out bool retire);
        return retire;
    }

    public override void Fail(Outcome outcome, string? detail, TimeSpan wall, TimeSpan cpu) =>
        _result = new SourceCheck(
            false, PlatformErrors.ForCheck(outcome, Limits), null, null, outcome == Outcome.PlatformError);

    public override void Release() => _ended.TrySetResult(_result!);
}
