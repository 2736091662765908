using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace FaaS.Application.Queue;

/// <summary>
/// How a queue comes to life: it takes an epoch, which locks earlier queues out, and only then reads what is
/// unfinished, so nothing can be stored behind its back. It waits for Db for as long as it takes, whether Db says that it
/// is not ready or throws.
/// </summary>
internal sealed class QueueStart(
    IMediator mediator, QueueRules rules, IQueueObserver observer, TimeProvider time, ILogger logger)
{
    /// <summary>Encoded, a page stays below the 256 KiB that one reply may have.</summary>
    internal const int PageSize = 350;

    private readonly ResiliencePipeline _patience = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<Exception>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromMilliseconds(50),
            MaxDelay = TimeSpan.FromSeconds(2),
            OnRetry = retry =>
            {
                QueueLog.WaitsForDb(logger, retry.Outcome.Exception!.Message);
                return default;
            },
        })
        .Build();

    public async Task<JobQueue> RunAsync(Func<QueueTime> clock, CancellationToken cancellation)
    {
        var epoch = await AskAsync(new TakeEpoch(), cancellation).ConfigureAwait(false);
        var seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var queue = new JobQueue(rules, epoch.Number, epoch.LastSequence, new LeaseSealer(epoch.LeaseKey), seed, clock(), observer);
        // Before any job: a queue that did not know a quota would admit and grant beyond it.
        await ReadTermsAsync(queue, clock, cancellation).ConfigureAwait(false);
        long after = 0;
        for (var more = true; more;)
        {
            var page = await AskAsync(new LoadUnfinished(after, PageSize), cancellation).ConfigureAwait(false);
            foreach (var job in page.Jobs) queue.Restore(job, clock());
            if (page.Jobs.Count > 0) after = page.Jobs[^1].Sequence;
            more = page.More;
        }
        QueueLog.Started(logger, epoch.Number, queue.Count);
        return queue;
    }

    private Task<Error?> ReadTermsAsync(JobQueue queue, Func<QueueTime> clock, CancellationToken cancellation) =>
        TermsReader.ReadAsync(
            async request => await AskAsync(request, cancellation).ConfigureAwait(false),
            page =>
            {
                TermsReader.Hand(queue, page, clock());
                return Task.CompletedTask;
            });

    private async Task<T> AskAsync<T>(IRequest<Result<T>> request, CancellationToken cancellation) =>
        await _patience.ExecuteAsync(async token =>
        {
            var answer = await mediator.Send(request, token).ConfigureAwait(false);
            return answer.IsOk ? answer.Value : throw new StoreNotReadyException(answer.Error.Message);
        }, cancellation).ConfigureAwait(false);

    private sealed class StoreNotReadyException(string message) : Exception(message);
}
