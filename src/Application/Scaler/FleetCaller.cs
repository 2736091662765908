using FaaS.Domain.Scaling;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Scaler;

/// <summary>What the fleet last said.</summary>
/// <param name="Workers">Its workers; null when it has not said anything yet.</param>
/// <param name="At">The timestamp at which it said so.</param>
/// <param name="Trouble">Why the last call went wrong; null when it went well.</param>
internal sealed record FleetView(FleetWorkers? Workers, long At, string? Trouble);

/// <summary>
/// Calls the fleet, one call at a time, and keeps what it last said. A platform's tool may take longer than a tick; then
/// the last answer has to do for a while. Fleets log how their calls end.
/// </summary>
internal sealed class FleetCaller(IWorkerFleet fleet, ScalerMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>The look, or the whole of the change, that is under way.</summary>
    private Task _work = Task.CompletedTask;

    private volatile FleetView _view = new(null, 0, null);

    /// <summary>The fleet's word.</summary>
    public string Name => fleet.Name;

    /// <summary>What the fleet last said.</summary>
    public FleetView View => _view;

    /// <summary>Asks what there is, unless something is under way; waits for either at most that long.</summary>
    public async Task LookAsync(TimeSpan patience, CancellationToken stopping)
    {
        if (_work.IsCompleted) _work = CallAsync("current", fleet.CurrentAsync, stopping);
        await WaitAsync(_work, patience, stopping).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes the workers as many as were decided. Those that are too many are chosen here where the fleet knows them
    /// apart: the newest, which have the least in their caches, or nothing at all when they still start.
    /// </summary>
    public Task<FleetAnswer> ChangeAsync(ScalingDecision decision, CancellationToken stopping)
    {
        var change = ChangeAsync(_work, decision.Target!.Value, stopping);
        _work = change;
        return change;
    }

    /// <summary>Waits until nothing is under way.</summary>
    public Task EndAsync() => _work;

    /// <summary>Waits for a task at most that long.</summary>
    public async Task WaitAsync(Task task, TimeSpan patience, CancellationToken stopping)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(task, Task.Delay(patience, time, wait.Token)).ConfigureAwait(false);
        await wait.CancelAsync().ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
    }

    private async Task<FleetAnswer> ChangeAsync(Task earlier, int target, CancellationToken stopping)
    {
        await earlier.ConfigureAwait(false);
        if (_view.Workers is { Newest.Count: > 0 } known && known.Running + known.Starting - target is > 0 and var surplus)
        {
            string[] leaving = [.. known.Newest.Take(surplus)];
            var drained = await CallAsync("drain", stop => fleet.DrainAsync(leaving, stop), stopping).ConfigureAwait(false);
            if (drained.Outcome != FleetOutcome.Done) return drained;
        }
        return await CallAsync("scale", stop => fleet.ScaleToAsync(target, stop), stopping).ConfigureAwait(false);
    }

    private async Task<FleetAnswer> CallAsync(
        string verb, Func<CancellationToken, Task<FleetAnswer>> call, CancellationToken stopping)
    {
        FleetAnswer answer;
        try
        {
            answer = await call(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return FleetAnswer.Fail(FleetOutcome.TimedOut, "The scaler stopped.");
        }
        catch (Exception error)
        {
            // A fleet does not throw by its contract; if one does, scaling goes on with what it says next.
            ScalerLog.FleetThrew(logger, error, fleet.Name, verb);
            answer = FleetAnswer.Fail(FleetOutcome.Unreadable, $"The fleet failed: {error.Message}");
        }
        metrics.Called(verb, answer);
        _view = answer.Outcome == FleetOutcome.Done
            ? new FleetView(answer.Workers, time.GetTimestamp(), null)
            : _view with { Trouble = answer.Detail ?? answer.Outcome.ToString() };
        return answer;
    }
}
