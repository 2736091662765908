using FaaS.Application.Queue;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Scaler;

/// <summary>Samples the backlog and reports it. Deciding on the number of workers is to come.</summary>
internal sealed class BacklogLoop(
    IMediator mediator, IOptions<ScalerOptions> options, TimeProvider time, ILogger<BacklogLoop> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await SampleAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task SampleAsync(CancellationToken stopping)
    {
        var counts = await mediator.Send(new GetBacklog(), stopping).ConfigureAwait(false);
        if (counts.IsOk)
            ScalerLog.Sampled(logger, counts.Value.Queued, counts.Value.InFlight, counts.Value.Delayed, counts.Value.Workers);
        else ScalerLog.NoSample(logger, counts.Error.Message);
    }
}

internal static partial class ScalerLog
{
    [LoggerMessage(4000, LogLevel.Information,
        "Backlog: {Queued} queued, {InFlight} in flight, {Delayed} delayed, {Workers} workers.")]
    public static partial void Sampled(ILogger logger, long queued, long inFlight, long delayed, int workers);

    [LoggerMessage(4001, LogLevel.Warning, "The backlog is not known: {Reason}")]
    public static partial void NoSample(ILogger logger, string reason);
}
