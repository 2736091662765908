using System.Diagnostics.CodeAnalysis;
using FaaS.Application.Messaging;
using FaaS.Domain;
using MediatR;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.NetMq;

/// <summary>What a server needs to answer a request.</summary>
internal sealed record Answering(ServedRequests Served, IMediator Mediator, ILogger Log);

/// <summary>One request a server has taken. It runs on the thread pool and comes back to the socket's thread.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without a timer holds nothing to dispose.")]
internal sealed class ServedCall(
    Answering answering, Action<ServedCall> answered, Peer peer, in Head head, byte[] body, long deadlineAtMs)
    : IThreadPoolWorkItem
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly string _name = head.Name;
    private readonly string _trace = head.Trace;
    private readonly Roles _role = peer.Role;

    public Peer Peer => peer;

    public ulong Correlation { get; } = head.Correlation;

    public long DeadlineAtMs => deadlineAtMs;

    /// <summary>What came of it, once it is answered.</summary>
    public Result<ReadOnlyMemory<byte>> Answer { get; private set; }

    public bool IsCancelled => _cancellation.IsCancellationRequested;

    public void Execute() => _ = RunAsync();

    /// <summary>Nobody waits any more. The handler's reactions run elsewhere, not on the caller's thread.</summary>
    public void Cancel() => _ = _cancellation.CancelAsync();

    private async Task RunAsync()
    {
        var startedAt = NetMqTelemetry.StartTimer();
        var activity = NetMqTelemetry.StartServer(_name, _trace);
        Answer = await AnswerAsync().ConfigureAwait(false);
        NetMqTelemetry.End(activity, Answer.Error);
        NetMqTelemetry.Record("server", _name, Answer.Error, startedAt);
        answered(this);
    }

    private async Task<Result<ReadOnlyMemory<byte>>> AnswerAsync()
    {
        try
        {
            var answer = await answering.Served
                .AnswerAsync(answering.Mediator, _name, _role, body, _cancellation.Token).ConfigureAwait(false);
            return answer.IsOk && answer.Value.Length > Frames.MessageBytesMax ? Faults.TooLarge(answer.Value.Length) : answer;
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
            return new Error(ErrorCode.OutcomeUnknown, $"'{_name}' was ended before its answer.");
        }
        // The top of a request's own loop: a defect of one handler must not take the others' server down.
        catch (Exception error)
        {
            NetMqLog.HandlerFailed(answering.Log, error, _name);
            return new Error(ErrorCode.Internal, $"'{_name}' failed; the other side's log says why.");
        }
    }
}

/// <summary>An answer on its way, which keeps its request outstanding until it is sent.</summary>
internal sealed class OutgoingAnswer(ServedCall call, FrameKind kind, ReadOnlyMemory<byte> body) : Outgoing(kind, body)
{
    public ServedCall Call => call;
}
