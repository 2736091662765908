using System.Threading.Channels;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Queue;

/// <summary>
/// Owns the core: one loop hands it what arrives, in batches, and carries its commits to Db, one at a time. What a
/// crash here means: nothing is lost that was acknowledged, since acknowledgements follow commits; leases are
/// forgotten, and the next epoch's queue finds their jobs waiting, or adopts them from the workers' lists.
/// </summary>
internal sealed class QueueLoop(
    IMediator mediator, IOptions<QueueOptions> options, IHostApplicationLifetime lifetime, QueueMetrics metrics,
    TimeProvider time, ILogger<QueueLoop> logger) : BackgroundService
{
    /// <summary>Inputs the core is given before grants and commits get their turn.</summary>
    private const int Batch = 512;

    /// <summary>How old what the metrics tell may be; finding the oldest job looks at every function's backlog.</summary>
    private const int PublishMs = 250;

    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(10);

    private readonly Channel<IQueueInput> _inbox = Channel.CreateBounded<IQueueInput>(
        new BoundedChannelOptions(65_536) { SingleReader = true });

    private readonly long _startedAt = time.GetTimestamp();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ready;
    private volatile bool _stopping;
    private volatile bool _draining;
    private bool _fenceSeen;
    private bool _tickWaits;
    private long _commitNotBeforeMs;
    private long _publishAtMs;
    private int _commitFailures;

    /// <summary>Who watches which jobs; only for what is applied on the loop.</summary>
    public JobWatches Watches { get; } = new();

    /// <summary>What running jobs have written; only for what is applied on the loop.</summary>
    public LiveLogs Logs { get; } = new();

    /// <summary>Asks the core something.</summary>
    /// <param name="apply">Hands the request over, on the loop.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="undelivered">Undoes, on the loop, an answer that came after the caller had given up.</param>
    public async Task<Result<T>> AskAsync<T>(
        Action<JobQueue, IReply<T>, QueueTime> apply, CancellationToken cancellation,
        Action<JobQueue, T, QueueTime>? undelivered = null)
    {
        if (!_ready) return new Error(ErrorCode.Unavailable, "The queue is starting; try again in a moment.", 1);
        var question = new QueueQuestion<T>(apply, undelivered is null ? null : answer =>
            Post(new QueueNote((queue, now) => undelivered(queue, answer, now))));
        if (!_inbox.Writer.TryWrite(question))
            return new Error(ErrorCode.Unavailable, "The queue is overloaded; try again in a moment.", 1);
        if (!cancellation.CanBeCanceled) return await question.Task.ConfigureAwait(false);
        await using var registration = cancellation.UnsafeRegister(
            static (state, token) => ((QueueQuestion<T>)state!).TrySetCanceled(token), question).ConfigureAwait(false);
        return await question.Task.ConfigureAwait(false);
    }

    /// <summary>Tells the core something that nobody awaits; it is never turned away.</summary>
    public void Tell(Action<JobQueue, QueueTime> apply)
    {
        if (_ready) Post(new QueueNote(apply));
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _draining = true;
        // Whatever was asked to be stored is stored first; a store that does not answer is not waited for forever.
        // A queue that has not come to life has nothing to store.
        if (_ready)
            await Task.WhenAny(_settled.Task, Task.Delay(SettleTimeout, time, cancellationToken)).ConfigureAwait(false);
        _inbox.Writer.TryComplete();
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = await new QueueStart(mediator, options.Value.ToRules(), metrics, time, logger)
            .RunAsync(Now, stoppingToken).ConfigureAwait(false);
        metrics.Publish(started.Counts());
        _ready = true;
        // A flag, not a note: a full inbox must not turn it away. The next tick finds it at the latest.
        await using var drain = lifetime.ApplicationStopping.UnsafeRegister(_ => _draining = true, null)
            .ConfigureAwait(false);
        var ticks = TickAsync(stoppingToken);
        await RunAsync(started).ConfigureAwait(false);
        await ticks.ConfigureAwait(false);
    }

    private async Task RunAsync(JobQueue queue)
    {
        var inbox = _inbox.Reader;
        while (await inbox.WaitToReadAsync().ConfigureAwait(false))
        {
            var now = Now();
            if (_draining && !queue.Draining) queue.Drain();
            for (var count = 0; count < Batch && inbox.TryRead(out var input); count++) input.Apply(queue, now);
            queue.Dispatch(now);
            Commit(queue, now);
            Watches.Answer(queue.Draining || queue.Fenced, now);
            Logs.Sweep(queue, now);
            if (_stopping && (queue.IsSettled || queue.Fenced)) _settled.TrySetResult();
        }
        _ready = false;
        metrics.Publish(null);
        while (inbox.TryRead(out var late))
            late.Refuse(new Error(ErrorCode.Unavailable, "The queue is shutting down; try again in a moment.", 1));
    }

    private void Commit(JobQueue queue, QueueTime now)
    {
        if (queue.Fenced)
        {
            if (_fenceSeen) return;
            _fenceSeen = true;
            QueueLog.Fenced(logger, queue.Epoch);
            lifetime.StopApplication();
            return;
        }
        if (now.MonotonicMs >= _commitNotBeforeMs && queue.TryTakeCommit(out var commit)) _ = CommitAsync(commit);
    }

    private async Task CommitAsync(JobCommit commit)
    {
        Result<JobCommitted> answer;
        var sent = time.GetTimestamp();
        using var span = metrics.StartCommit(commit);
        try
        {
            answer = await mediator.Send(new CommitJobs(commit)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever went wrong, the outcome is unknown, and the core is to hear of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            QueueLog.CommitThrew(logger, error);
            answer = new Error(ErrorCode.OutcomeUnknown, error.Message);
        }
        metrics.Committed(commit.Count, time.GetElapsedTime(sent), answer.IsOk);
        Post(new QueueNote((queue, now) => Finish(queue, commit.Count, answer, now)));
    }

    /// <summary>
    /// The inbox takes a bounded number of requests, but what the core has to hear is never turned away: it waits for
    /// room. After the end of the loop nobody is left to hear it.
    /// </summary>
    private void Post(QueueNote note)
    {
        if (!_inbox.Writer.TryWrite(note)) _ = PostAsync(note);
    }

    private async Task PostAsync(QueueNote note)
    {
        while (await _inbox.Writer.WaitToWriteAsync().ConfigureAwait(false))
            if (_inbox.Writer.TryWrite(note)) return;
    }

    private void Finish(JobQueue queue, int rows, Result<JobCommitted> answer, QueueTime now)
    {
        if (answer.IsOk)
        {
            if (_commitFailures > 0) QueueLog.StoreBack(logger, _commitFailures);
            _commitFailures = 0;
        }
        // The store is there, and what follows is smaller: no reason to wait.
        else if (answer.Error.Code is ErrorCode.TooLarge or ErrorCode.BadRequest && rows > 1)
        {
            QueueLog.CommitFailed(logger, answer.Error.Code, answer.Error.Message, 0);
        }
        else
        {
            var pauseMs = Math.Min(2_000, 25 << Math.Min(_commitFailures++, 7));
            _commitNotBeforeMs = now.MonotonicMs + pauseMs;
            QueueLog.CommitFailed(logger, answer.Error.Code, answer.Error.Message, pauseMs);
        }
        queue.CommitFinished(answer, now);
    }

    private async Task TickAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TickInterval, time);
        var tick = new QueueNote((queue, now) =>
        {
            Volatile.Write(ref _tickWaits, false);
            queue.Tick(now);
            if (now.MonotonicMs < _publishAtMs) return;
            _publishAtMs = now.MonotonicMs + PublishMs;
            metrics.Publish(queue.Counts());
        });
        try
        {
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
            {
                // Ticks do not pile up behind a slow batch: one waiting is enough.
                if (Volatile.Read(ref _tickWaits)) continue;
                Volatile.Write(ref _tickWaits, true);
                if (!_inbox.Writer.TryWrite(tick)) Volatile.Write(ref _tickWaits, false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private QueueTime Now()
    {
        var (ms, restTicks) = Math.DivRem(time.GetElapsedTime(_startedAt).Ticks, TimeSpan.TicksPerMillisecond);
        return new QueueTime(
            time.GetUtcNow().ToUnixTimeMilliseconds(), ms, (int)(restTicks / TimeSpan.TicksPerMicrosecond));
    }
}
