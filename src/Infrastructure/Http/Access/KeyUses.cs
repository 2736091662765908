using System.Collections.Concurrent;
using FaaS.Application.Db;
using MediatR;
using Microsoft.Extensions.Hosting;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>Notes which keys are used, and tells Db every few seconds: no request waits for that.</summary>
internal sealed class KeyUses(IMediator mediator, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, long> _uses = new();

    /// <summary>Notes that a key is used now.</summary>
    public void Note(string id) => _uses[id] = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await TellAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
                await TellAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What is left is told at the stop.
        }
    }

    private async Task TellAsync(CancellationToken cancellation)
    {
        foreach (var uses in _uses.ToArray().Chunk(KeyLimits.UsesMax))
        {
            var noted = await mediator.Send(
                new NoteKeyUses([.. uses.Select(use => new KeyUse(use.Key, use.Value))]), cancellation).ConfigureAwait(false);
            // What Db did not take is told the next time; what was used again meanwhile as well.
            if (noted.IsOk) foreach (var use in uses) _uses.TryRemove(use);
        }
    }
}
