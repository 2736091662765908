using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Scaling;
using MediatR;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Scaler;

/// <summary>
/// Brings decisions into the log. Those that only say again what the last one said are left out but for one a minute;
/// those that cannot be recorded now are kept and sent again, and the oldest are given up when too many wait.
/// </summary>
internal sealed class DecisionRecorder(IMediator mediator, ScalerMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>As many as the log keeps: more could not be read in it anyway.</summary>
    private const int WaitingMax = DecisionLimits.Kept;

    private static readonly TimeSpan RepeatAfter = TimeSpan.FromMinutes(1);

    private readonly Guid _scaler = Guid.NewGuid();
    private readonly Lock _gate = new();
    private readonly List<DecisionReport> _waiting = [];
    private DecisionReport? _last;
    private long _lastAt;
    private bool _failed;

    /// <summary>Takes a decision.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="fleet">The fleet's name; null when there is none.</param>
    /// <param name="answer">How the change ended; null when nothing was asked of the fleet.</param>
    public void Add(ScalingDecision decision, string? fleet, FleetAnswer? answer)
    {
        lock (_gate)
        {
            var report = decision.ToReport((_last?.Number ?? 0) + 1, fleet, answer?.Outcome, answer?.Detail);
            if (answer?.Outcome != FleetOutcome.Done && _last is not null && IsSame(report, _last)
                && time.GetElapsedTime(_lastAt) < RepeatAfter) return;
            (_last, _lastAt) = (report, time.GetTimestamp());
            _waiting.Add(report);
            if (_waiting.Count > WaitingMax) _waiting.RemoveAt(0);
        }
    }

    /// <summary>Sends what waits, until all is recorded or the log does not take more.</summary>
    public async Task SendAsync(CancellationToken stopping)
    {
        while (true)
        {
            DecisionReport[] batch;
            lock (_gate)
            {
                metrics.Unrecorded(_waiting.Count);
                batch = [.. _waiting.Take(DecisionLimits.BatchMax)];
            }
            if (batch.Length == 0) return;
            var answer = await mediator.Send(new RecordDecisions(_scaler, batch), stopping).ConfigureAwait(false);
            if (!answer.IsOk && !IsForGood(answer.Error.Code))
            {
                if (!_failed) ScalerLog.NotRecorded(logger, batch.Length, answer.Error.Message);
                _failed = true;
                return;
            }
            if (!answer.IsOk) ScalerLog.GivenUp(logger, batch.Length, answer.Error.Message);
            _failed = false;
            lock (_gate) _waiting.RemoveAll(report => report.Number <= batch[^1].Number);
        }
    }

    /// <summary>A batch that is no good will not get better; one must not keep all later ones from being recorded.</summary>
    private static bool IsForGood(ErrorCode code) => code is ErrorCode.BadRequest or ErrorCode.TooLarge;

    private static bool IsSame(DecisionReport report, DecisionReport last) =>
        (report.Rule, report.Present, report.Target, report.Outcome, report.Detail)
        == (last.Rule, last.Present, last.Target, last.Outcome, last.Detail);
}
