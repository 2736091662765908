using FaaS.Application.Queue;
using FaaS.Domain.Scaling;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Scaler;

/// <summary>
/// Every interval: samples the queue and the fleet, lets the policy decide, asks the fleet for the change, and records
/// both. Without a fleet it only says what it would do. A restart harms nobody: samples are collected again, and the fleet
/// is always told absolute numbers.
/// </summary>
internal sealed class ScalerLoop : BackgroundService
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly IMediator _mediator;
    private readonly ScalerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ScalingPolicy _policy;
    private readonly ScalerMetrics _metrics;
    private readonly DecisionRecorder _recorder;
    private readonly FleetCaller? _fleet;
    private readonly List<ScalingSample> _samples = [];
    private Task _change = Task.CompletedTask;
    private ScalingDecision? _told;
    private ScalingSample? _acted;

    public ScalerLoop(
        IMediator mediator, IOptions<ScalerOptions> options, ScalerMetrics metrics, TimeProvider time,
        ILogger<ScalerLoop> logger, IWorkerFleet? fleet = null)
    {
        (_mediator, _options, _metrics, _time, _logger) = (mediator, options.Value, metrics, time, logger);
        _policy = _options.CreatePolicy();
        _recorder = new DecisionRecorder(mediator, metrics, time, logger);
        _fleet = fleet is null ? null : new FleetCaller(fleet, metrics, time, logger);
    }

    /// <summary>A fleet that needs longer to answer is not waited for: the tick goes on with what it said before.</summary>
    private TimeSpan Patience => _options.Interval / 2;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ScalerLog.Started(_logger, _policy.Name, _options.WorkerMin, _options.WorkerMax, _fleet?.Name ?? "none");
        using var timer = new PeriodicTimer(_options.Interval, _time);
        try
        {
            do await TickAsync(stoppingToken).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops. What the fleet was asked for it may or may not do; the next scaler looks what there is.
        }
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Samples and decides once.</summary>
    internal async Task TickAsync(CancellationToken stopping)
    {
        if (_fleet is not null) await _fleet.LookAsync(Patience, stopping).ConfigureAwait(false);
        var trouble = await SampleAsync(stopping).ConfigureAwait(false);
        // While the fleet works on a change nothing is known that would make the next one better.
        if (_change.IsCompleted && Decide(trouble) is { } decision)
        {
            _metrics.Decided(decision);
            Tell(decision);
            if (decision.IsChange && _fleet is not null)
            {
                _acted = decision.Sample;
                _change = ChangeAsync(_fleet, decision, stopping);
                await _fleet.WaitAsync(_change, Patience, stopping).ConfigureAwait(false);
            }
            else _recorder.Add(decision, _fleet?.Name, null);
        }
        await _recorder.SendAsync(stopping).ConfigureAwait(false);
    }

    /// <returns>Null when a change would be asked for again only because nothing newer is known.</returns>
    private ScalingDecision? Decide(ScalingDecision? trouble)
    {
        var decision = trouble ?? _policy.Decide(_samples, _time.GetUtcNow());
        return decision.IsChange && ReferenceEquals(decision.Sample, _acted) ? null : decision;
    }

    private async Task ChangeAsync(FleetCaller fleet, ScalingDecision decision, CancellationToken stopping)
    {
        var answer = await fleet.ChangeAsync(decision, stopping).ConfigureAwait(false);
        _recorder.Add(decision, fleet.Name, answer);
    }

    /// <summary>Takes a sample.</summary>
    /// <returns>A decision not to decide, when one of both cannot be heard; null when there is a sample, or none yet.</returns>
    private async Task<ScalingDecision?> SampleAsync(CancellationToken stopping)
    {
        var at = _time.GetUtcNow();
        var counts = await _mediator.Send(new GetBacklog(), stopping).ConfigureAwait(false);
        // A queue that is away for a moment leaves the last sample standing; the policy says when it is too old.
        if (!counts.IsOk) return null;
        if (_fleet is not null)
        {
            var view = _fleet.View;
            if (view.Workers is not { } workers) return FleetAway(view, at);
            // Rates need no gaps, so the queue's counters are kept beside an old number of workers; but that decides nothing.
            Keep(ScalingSample.Of(counts.Value, workers.Running, workers.Starting, at));
            if (_time.GetElapsedTime(view.At) > _options.StaleAfter) return FleetAway(view, at);
        }
        else Keep(ScalingSample.Of(counts.Value, counts.Value.Workers, 0, at));
        return null;
    }

    private void Keep(ScalingSample sample)
    {
        _samples.Add(sample);
        _samples.RemoveAll(earlier => sample.At - earlier.At > _policy.Memory);
        _metrics.Sampled();
    }

    private ScalingDecision FleetAway(FleetView view, DateTimeOffset at) => _policy.Undecided(
        ScalingRule.FleetAway, _samples.LastOrDefault(),
        $"Nobody says how many workers there are, so they are left as they are: {view.Trouble ?? "no answer yet."}", at);

    /// <summary>
    /// A change is told, and why nothing can be decided, but not again and again while that stays as it is: nobody may be
    /// there to make the change, or it may fail each time.
    /// </summary>
    private void Tell(ScalingDecision decision)
    {
        var isNew = (decision.Rule, decision.Present, decision.Target) != (_told?.Rule, _told?.Present, _told?.Target);
        if (decision.IsChange && isNew)
            ScalerLog.Decided(_logger, decision.Present, decision.Target!.Value, decision.Word, decision.Reason);
        else if (decision.Target is null && isNew) ScalerLog.Undecided(_logger, decision.Word, decision.Reason);
        else ScalerLog.Stays(_logger, decision.Present, decision.Word, decision.Reason);
        _told = decision;
    }

    /// <summary>Waits for what is under way, and records what came of it if that can be done at once.</summary>
    private async Task EndAsync()
    {
        await _change.ConfigureAwait(false);
        if (_fleet is not null) await _fleet.EndAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(EndPatience, _time);
        try
        {
            await _recorder.SendAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The queue is gone already; what was not recorded is lost with this scaler.
        }
    }
}
