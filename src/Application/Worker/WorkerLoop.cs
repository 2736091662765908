using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using FaaS.Application.Queue;
using FaaS.Application.Telemetry;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Worker;

/// <summary>
/// Pulls jobs and runs them. What a crash of this process means at each checkpoint of a job:
/// <list type="number">
/// <item>Granted, not yet here: the queue's answer is lost with us. The lease runs out, nothing is charged.</item>
/// <item>In the book, not started: the same.</item>
/// <item>Started: the children see their pipes close and exit. The lease runs out; if the queue knew that it had
/// started, the loss counts against the job's limit; it runs again, and what it used is not billed.</item>
/// <item>Ended, not reported: as before. The function has run, its effects were inside the sandbox, it runs again.</item>
/// <item>Reported, not answered: durable or not, the queue knows. If it is not, the lease runs out.</item>
/// <item>Answered: durable and billed. Only now it leaves the book.</item>
/// </list>
/// </summary>
internal sealed class WorkerLoop : BackgroundService
{
    private const int MaxGrant = 256;
    private const int MaxReports = 256;
    private const int ReportsUnderWayMax = 3;

    /// <summary>Bodies in one report: encoded, it has to stay well below the transport's 2 MiB.</summary>
    private const int MaxReportBytes = 1 << 20;

    private const int PollMs = 10_000;

    private static readonly TimeSpan PrefetchCheck = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan OutagePause = TimeSpan.FromMilliseconds(100);

    private readonly Guid _worker = Guid.NewGuid();
    private readonly LeaseBook _book;
    private readonly Signal _room = new();
    private readonly Signal _waiting = new();
    private readonly Channel<AttemptReport> _reports = Channel.CreateUnbounded<AttemptReport>();

    private readonly Channel<bool> _work;
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationTokenSource _dropped = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly IMediator _mediator;
    private readonly ISandbox _sandbox;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<WorkerLoop> _logger;
    private readonly Prefetch _prefetch;
    private readonly JobRunner _runner;
    private readonly LiveLines _live;
    private readonly WorkerMetrics _metrics;
    private Task _slots = Task.CompletedTask;
    private Task _reporter = Task.CompletedTask;
    private Task _keeper = Task.CompletedTask;

    public WorkerLoop(
        IMediator mediator, ISandbox sandbox, IOptions<WorkerOptions> options, TimeProvider time,
        ILogger<WorkerLoop> logger, IMeterFactory? meters = null)
    {
        _mediator = mediator;
        _sandbox = sandbox;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _prefetch = new Prefetch(sandbox.Slots);
        _book = new LeaseBook(sandbox.Slots, sandbox.SlotsFor);
        _metrics = new WorkerMetrics(_book, sandbox.Slots, meters);
        // A signal wakes an idle slot, which then takes all it can: more of them than slots would say nothing new.
        _work = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(sandbox.Slots) { FullMode = BoundedChannelFullMode.DropWrite });
        _live = new LiveLines(_worker, mediator, time);
        _runner = new JobRunner(mediator, sandbox, new SourceCache(mediator, _options.SourceCacheBytes),
            new EnvironmentCache(mediator, _options.EnvironmentCacheBytes), _prefetch, _live);
    }

    /// <summary>
    /// Drains: unstarted jobs go back at once, running ones may finish, then they are killed and go back uncharged;
    /// what ended is reported before the worker takes its leave.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _leaving.CancelAsync().ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await GiveBackAsync(_book.TakeStale(_ => true), leaving: false).ConfigureAwait(false);
        _work.Writer.TryComplete();
        WorkerLog.Draining(_logger, _book.Open);
        await Task.WhenAny(_slots, Task.Delay(_options.DrainTimeout, _time, cancellationToken)).ConfigureAwait(false);
        var unfinished = _book.DropAll();
        // A run that is over but whose body the store does not take is given up as well.
        await _dropped.CancelAsync().ConfigureAwait(false);
        await _slots.ConfigureAwait(false);
        _reports.Writer.TryComplete();
        await Task.WhenAny(_reporter, Task.Delay(_options.DrainTimeout, _time, cancellationToken)).ConfigureAwait(false);
        await _gone.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_reporter, _keeper).ConfigureAwait(false);
        await GiveBackAsync(unfinished, leaving: true).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _leaving.Dispose();
        _dropped.Dispose();
        _gone.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _slots = Task.WhenAll(Enumerable.Range(0, _sandbox.Slots).Select(_ => Task.Run(RunSlotAsync, CancellationToken.None)));
        _reporter = Task.Run(ReportAsync, CancellationToken.None);
        // What runs while the worker drains is renewed, and can still be cancelled.
        _keeper = Task.WhenAll(RenewAsync(_gone.Token), WatchAsync(_gone.Token), PassLinesOnAsync(_gone.Token));
        await Task.WhenAll(LeaseAsync(stoppingToken), ReturnStaleAsync(stoppingToken)).ConfigureAwait(false);
    }

    private Task LeaseAsync(CancellationToken stopping) => LoopAsync(async () =>
    {
        var allowance = _prefetch.Allowance;
        var total = _sandbox.Slots + allowance;
        var free = total - _book.Open;
        // Asking for each freed place would make a request a job: wait until half of what may be prefetched is gone.
        if (free <= 0 || _book.Waiting > allowance / 2 || _book.Unanswered > 2 * MaxReports)
        {
            await _room.WaitAsync(stopping).ConfigureAwait(false);
            return true;
        }
        var asked = _time.GetTimestamp();
        var request = new LeaseJobs(
            _worker, _sandbox.Slots, total, Math.Min(free, MaxGrant), PollMs, _book.List());
        var answer = await _mediator.Send(request, stopping).ConfigureAwait(false);
        if (!answer.IsOk) return false;
        _book.Lose(answer.Value.Lost);
        var now = _time.GetTimestamp();
        foreach (var job in answer.Value.Jobs)
        {
            _book.Add(new LeaseInHand(job, now));
            _work.Writer.TryWrite(true);
        }
        _waiting.Set();
        // A queue that drains answers at once with nothing.
        var atOnce = _time.GetElapsedTime(asked).TotalMilliseconds < PollMs / 2;
        return answer.Value.Jobs.Count > 0 || answer.Value.Lost.Count > 0 || !atOnce;
    }, stopping);

    private async Task RunSlotAsync()
    {
        await foreach (var _ in _work.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            while (_book.Start() is { } lease)
            {
                if (_book.Waiting <= _prefetch.Allowance / 2) _room.Set();
                try
                {
                    await RunAsync(lease).ConfigureAwait(false);
                }
                finally
                {
                    _book.Leave(lease);
                }
                _room.Set();
            }
        }
    }

    private async Task RunAsync(LeaseInHand lease)
    {
        Result<AttemptEnd> end;
        using var span = JobSpan.Start("run", lease.Job.Job, ActivityKind.Consumer);
        span.Activity?.SetTag("faas.attempt", lease.Job.Attempt).SetTag("faas.user", lease.Job.Binding.User)
            .SetTag("faas.function", lease.Job.Binding.Function).SetTag("faas.function.version", lease.Job.Binding.Version);
        try
        {
            end = await _runner.RunAsync(lease, _dropped.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_dropped.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // A slot must outlive whatever a job does to it: the attempt ends as the platform's failure.
        catch (Exception error)
#pragma warning restore CA1031
        {
            WorkerLog.RunThrew(_logger, error, lease.Job.Job);
            end = AttemptEnd.Of(Outcome.PlatformError, new FunctionError("PlatformError", "The worker failed to run it."));
        }
        if (!end.IsOk && !JobRunner.IsOutage(end.Error))
        {
            // Trying again would find the same: it counts as an attempt, so that the job ends.
            WorkerLog.CouldNotRun(_logger, lease.Job.Job, end.Error.Message);
            end = AttemptEnd.Of(Outcome.PlatformError, new FunctionError("PlatformError", end.Error.Message));
        }
        if (end.IsOk)
        {
            _metrics.Ran(end.Value);
            span.Activity?.SetTag("faas.outcome", end.Value.Outcome.Word());
            if (_book.Report(lease)) _reports.Writer.TryWrite(new AttemptReport(lease.Job.Job, lease.Job.Token, end.Value));
            else if (!_leaving.IsCancellationRequested) _book.Remove(lease.Job.Token);
            return;
        }
        WorkerLog.CouldNotStart(_logger, lease.Job.Job, end.Error.Message);
        // It would come straight back: the pause keeps an outage of Db from becoming a storm.
        await PauseAsync(OutagePause).ConfigureAwait(false);
        if (_book.Drop(lease)) await GiveBackAsync([lease], leaving: false).ConfigureAwait(false);
        else if (!_leaving.IsCancellationRequested) _book.Remove(lease.Job.Token);
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _leaving.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The worker leaves: no time to lose.
        }
    }

    /// <summary>
    /// Reports what has ended, several batches at a time: an answer comes when the ends are durable, and what ends
    /// meanwhile need not wait for that to be on its way.
    /// </summary>
    private Task ReportAsync() => Task.WhenAll(Enumerable.Range(0, ReportsUnderWayMax).Select(_ => ReportBatchesAsync()));

    private async Task ReportBatchesAsync()
    {
        var batch = new List<AttemptReport>();
        while (await _reports.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            batch.Clear();
            for (var bytes = 0; batch.Count < MaxReports && bytes < MaxReportBytes
                 && _reports.Reader.TryRead(out var report); bytes += report.End.MessageBytes)
                batch.Add(report);
            if (batch.Count == 0) continue;
            await LoopAsync(async () =>
            {
                var answer = await _mediator.Send(new CompleteJobs(_worker, [.. batch]), _gone.Token).ConfigureAwait(false);
                if (!answer.IsOk) return false;
                if (answer.Value.Stale.Count > 0) WorkerLog.Stale(_logger, answer.Value.Stale.Count);
                foreach (var report in batch) _book.Remove(report.Token);
                return true;
            }, _gone.Token, once: true).ConfigureAwait(false);
            _room.Set();
        }
    }

    private Task RenewAsync(CancellationToken stopping) => LoopAsync(async () =>
    {
        await Task.Delay(_options.RenewInterval, _time, stopping).ConfigureAwait(false);
        var held = _book.List();
        if (held.Length == 0) return true;
        var answer = await _mediator.Send(new RenewLeases(_worker, held), stopping).ConfigureAwait(false);
        if (!answer.IsOk) return false;
        _book.Lose(answer.Value.Lost);
        return true;
    }, stopping);

    private Task WatchAsync(CancellationToken stopping) => LoopAsync(async () =>
    {
        var asked = _time.GetTimestamp();
        var answer = await _mediator.Send(new WatchLeases(_worker, PollMs), stopping).ConfigureAwait(false);
        if (!answer.IsOk) return false;
        _book.Revoke(answer.Value.Tokens);
        return answer.Value.Tokens.Count > 0 || _time.GetElapsedTime(asked).TotalMilliseconds >= PollMs / 2;
    }, stopping);

    private Task PassLinesOnAsync(CancellationToken stopping) => LoopAsync(async () =>
    {
        await _live.SendAsync(stopping).ConfigureAwait(false);
        return true;
    }, stopping);

    private Task ReturnStaleAsync(CancellationToken stopping) => LoopAsync(async () =>
    {
        if (_book.Waiting == 0) await _waiting.WaitAsync(stopping).ConfigureAwait(false);
        await Task.Delay(PrefetchCheck, _time, stopping).ConfigureAwait(false);
        var stale = _book.TakeStale(lease => _time.GetElapsedTime(lease.ReceivedAt) > Prefetch.Patience);
        if (stale.Count > 0) _prefetch.Hold();
        await GiveBackAsync(stale, leaving: false).ConfigureAwait(false);
        return true;
    }, stopping);

    private async Task GiveBackAsync(List<LeaseInHand> leases, bool leaving)
    {
        if (leases.Count == 0 && !leaving) return;
        HeldLease[] held = [.. leases.Select(lease => new HeldLease(lease.Job.Job, lease.Job.Token, lease.Started))];
        // If this gets lost, the next list of leases says the same by not naming them.
        try
        {
            await _mediator.Send(new AbandonJobs(_worker, held, leaving), CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It is a courtesy: neither a slot nor the drain may end because it failed.
        catch (Exception error)
#pragma warning restore CA1031
        {
            WorkerLog.StepThrew(_logger, error);
        }
        foreach (var lease in leases) _book.Remove(lease.Job.Token);
        _room.Set();
    }

    /// <summary>
    /// Repeats a step until stopped. A step that says false, or throws, is followed by a pause that grows while it goes on.
    /// </summary>
    private async Task LoopAsync(Func<Task<bool>> step, CancellationToken stopping, bool once = false)
    {
        var pauseMs = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var good = await step().ConfigureAwait(false);
                if (good && once) return;
                pauseMs = good ? 0 : Math.Clamp(pauseMs * 2, 25, 1_000);
                if (pauseMs > 0) await Task.Delay(pauseMs, stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The loop's top: it must go on whatever one turn meets.
            catch (Exception error)
#pragma warning restore CA1031
            {
                WorkerLog.StepThrew(_logger, error);
                pauseMs = 1_000;
                await Task.Delay(pauseMs, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }
}
