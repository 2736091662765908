using FaaS.Domain;
using MediatR;
using Polly;
using Polly.Retry;

namespace FaaS.Application.Messaging;

/// <summary>
/// Stands in for the handler of a module that lives in another process. What was certainly not executed is sent again,
/// and so is what may have been where the row says that this is safe: with growing pauses, until the deadline.
/// </summary>
internal sealed class ForwardingHandler<TRequest, TResponse> : IRequestHandler<TRequest, Result<TResponse>>
    where TRequest : IRequest<Result<TResponse>>
{
    private readonly ContractRow<TRequest, TResponse> _row;
    private readonly IRequestTransport _transport;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<Result<ReadOnlyMemory<byte>>>? _retries;

    public ForwardingHandler(
        ContractRow<TRequest, TResponse> row, IRequestTransport transport, TimeProvider time, RepeatsUntil? until = null)
    {
        _row = row;
        _transport = transport;
        _time = time;
        if (row.Repeats != Repeats.ByCaller) _retries = Forwarding.Retries(row, time, until?.Stopping ?? default);
    }

    public async Task<Result<TResponse>> Handle(TRequest request, CancellationToken cancellationToken)
    {
        var deadline = _row.Deadline + TimeSpan.FromMilliseconds((request as IParkedRequest)?.WaitMs ?? 0);
        var call = new ForwardedCall(_row, _transport, _row.Encode(request), deadline, _time);
        var answer = _retries is null
            ? await call.TryAsync(cancellationToken).ConfigureAwait(false)
            : await Forwarding.RunAsync(_retries, call, cancellationToken).ConfigureAwait(false);
        return answer.IsOk ? _row.Decode(answer.Value) : answer.Error;
    }
}

/// <summary>One request on its way, over all tries.</summary>
internal sealed class ForwardedCall(
    ContractRow row, IRequestTransport transport, ReadOnlyMemory<byte> body, TimeSpan deadline, TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();
    private bool _uncertain;

    public TimeSpan Left => deadline - time.GetElapsedTime(_startedAt);

    public async Task<Result<ReadOnlyMemory<byte>>> TryAsync(CancellationToken cancellation)
    {
        var answer = await transport.SendAsync(row, body, Left, cancellation).ConfigureAwait(false);
        if (answer.IsOk) return answer;
        _uncertain |= answer.Error.Code == ErrorCode.OutcomeUnknown;
        // A later try that was not executed says nothing about the one whose outcome is unknown.
        return _uncertain && answer.Error.Code == ErrorCode.Unavailable
            ? answer.Error with { Code = ErrorCode.OutcomeUnknown }
            : answer;
    }
}

/// <summary>
/// In a process that has this among its services, refused requests are repeated no longer than this. Who answers users
/// has it: once it stops, the parts behind it may be stopping as well, and a prompt refusal is worth more than a wait
/// for them. Who drains work does not: a result is stored even if that takes several tries.
/// </summary>
/// <param name="Stopping">Fires when the process is told to stop.</param>
public sealed record RepeatsUntil(CancellationToken Stopping);

/// <summary>When a forwarded request is sent again.</summary>
internal static class Forwarding
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly ResiliencePropertyKey<ForwardedCall> Call = new("call");

    /// <param name="row">What is sent.</param>
    /// <param name="time">Times the pauses.</param>
    /// <param name="stopping">Ends the repeating: a try that a pause of at most a second is running for is the last one.</param>
    public static ResiliencePipeline<Result<ReadOnlyMemory<byte>>> Retries(
        ContractRow row, TimeProvider time, CancellationToken stopping) =>
        new ResiliencePipelineBuilder<Result<ReadOnlyMemory<byte>>> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Result<ReadOnlyMemory<byte>>>
            {
                ShouldHandle = attempt => ValueTask.FromResult(
                    attempt.Outcome.Exception is null && !stopping.IsCancellationRequested
                    && MayRepeat(row, attempt.Outcome.Result)
                    && attempt.Context.Properties.TryGetValue(Call, out var call) && call.Left > LongestPause),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstPause,
                MaxDelay = LongestPause,
            })
            .Build();

    public static async Task<Result<ReadOnlyMemory<byte>>> RunAsync(
        ResiliencePipeline<Result<ReadOnlyMemory<byte>>> retries, ForwardedCall call, CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(cancellation);
        context.Properties.Set(Call, call);
        try
        {
            return await retries.ExecuteAsync(
                static async (context, call) => await call.TryAsync(context.CancellationToken).ConfigureAwait(false),
                context, call).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static bool MayRepeat(ContractRow row, in Result<ReadOnlyMemory<byte>> answer) => answer.Error?.Code switch
    {
        ErrorCode.Unavailable => true,
        ErrorCode.OutcomeUnknown => row.Repeats == Repeats.ByTransport,
        _ => false,
    };
}
