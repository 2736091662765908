using FaaS.Domain.Jobs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Db;

/// <summary>Removes what is past its time, a few hundred rows a turn, so that commits never wait for long.</summary>
internal sealed class RetentionLoop(
    IJobStore jobs, IAuditStore audit, IOptions<DbOptions> options, TimeProvider time, ILogger<RetentionLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await SweepAsync(stoppingToken).ConfigureAwait(false);
                await SweepAuditAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        var endedBeforeMs = (now - options.Value.Retention).ToUnixTimeMilliseconds();
        var orphanedBeforeMs = (now - options.Value.OrphanAge).ToUnixTimeMilliseconds();
        var keyedBeforeMs = now.ToUnixTimeMilliseconds() - IdempotencyKey.KeptMs;
        var (removedJobs, removedPayloads) = (0, 0);
        while (true)
        {
            var sweep = await jobs.SweepAsync(endedBeforeMs, orphanedBeforeMs, keyedBeforeMs, stopping).ConfigureAwait(false);
            if (!sweep.IsOk)
            {
                DbLog.SweepFailed(logger, sweep.Error.Message);
                return;
            }
            if (sweep.Value is { Jobs: 0, Payloads: 0 }) break;
            removedJobs += sweep.Value.Jobs;
            removedPayloads += sweep.Value.Payloads;
            await Task.Delay(Breath, time, stopping).ConfigureAwait(false);
        }
        if (removedJobs + removedPayloads > 0) DbLog.Swept(logger, removedJobs, removedPayloads);
    }

    private async Task SweepAuditAsync(CancellationToken stopping)
    {
        var beforeMs = (time.GetUtcNow() - options.Value.AuditRetention).ToUnixTimeMilliseconds();
        while (true)
        {
            var removed = await audit.SweepAsync(beforeMs, stopping).ConfigureAwait(false);
            if (!removed.IsOk) DbLog.SweepFailed(logger, removed.Error.Message);
            if (!removed.IsOk || removed.Value == 0) return;
            DbLog.AuditSwept(logger, removed.Value);
            await Task.Delay(Breath, time, stopping).ConfigureAwait(false);
        }
    }
}
