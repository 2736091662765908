using FaaS.Application.Messaging;
using FaaS.Domain;

namespace FaaS.Infrastructure.NetMq;

/// <summary>
/// A request of this process, from its caller's wait to its answer. It ends once, whoever ends it: an answer, its
/// deadline, its caller, or the loss of the connection.
/// </summary>
internal sealed class PendingCall(ContractRow row, ReadOnlyMemory<byte> body, long deadlineAtMs, string trace)
    : Outgoing(FrameKind.Request, body)
{
    // Callers go on elsewhere: the socket's thread must not run their code.
    private readonly TaskCompletionSource<Result<ReadOnlyMemory<byte>>> _end =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ContractRow Row => row;

    public string Trace => trace;

    public long DeadlineAtMs => deadlineAtMs;

    public Task<Result<ReadOnlyMemory<byte>>> Answer => _end.Task;

    public bool IsEnded => _end.Task.IsCompleted;

    /// <summary>Whether the socket has its last byte, so that the other side may execute it.</summary>
    public bool IsSent { get; set; }

    /// <summary>Whether the loop has taken it from the posts.</summary>
    public bool IsTaken { get; set; }

    public void End(Result<ReadOnlyMemory<byte>> answer) => _end.TrySetResult(answer);

    public bool Cancel(CancellationToken cancellation) => _end.TrySetCanceled(cancellation);
}
