using FaaS.Application.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Mongo;

/// <summary>
/// Keeps the store served: waits for a MongoDB that is not there, for an owner that is, and renews the ownership.
/// </summary>
internal sealed class MongoKeeper(MongoStore store, IOptions<MongoOptions> options, TimeProvider time)
    : BackgroundService
{
    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await store.LeaveAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first look may take seconds, and the process has to start without MongoDB.
        await Task.Yield();
        using var timer = new PeriodicTimer(options.Value.RenewInterval, time);
        try
        {
            do await store.TurnAsync().ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}

/// <summary>Tells why the db module cannot answer.</summary>
internal sealed class MongoReadiness(MongoStore store) : IReadiness
{
    /// <inheritdoc/>
    public ValueTask<string?> FindMissingAsync(CancellationToken cancellation) => new(store.Missing ?? store.Silence);
}
