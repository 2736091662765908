using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Queue;

/// <summary>
/// Each minute the queue asks Db three things: whose generation is closed while jobs are left (a caller may have died
/// between closing and telling), what users' terms are, and whether there are unfinished jobs it does not know. But for
/// the bytes that users have stored none should ever find anything; they heal what should not happen.
/// </summary>
internal sealed class QueueUpkeep(
    IMediator mediator, QueueLoop loop, TimeProvider time, ILogger<QueueUpkeep> logger) : BackgroundService
{
    private const int RowsPerRound = 100_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private long _after;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                await RoundAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task RoundAsync(CancellationToken cancellation)
    {
        try
        {
            await CloseOwnersAsync(cancellation).ConfigureAwait(false);
            await AdoptTermsAsync(cancellation).ConfigureAwait(false);
            await AdoptStrangersAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // The loop's top: what one round meets must not end the queue; the next one is due soon.
        catch (Exception error)
#pragma warning restore CA1031
        {
            QueueLog.UpkeepThrew(logger, error);
        }
    }

    private async Task CloseOwnersAsync(CancellationToken cancellation)
    {
        var closed = await mediator.Send(new ListClosedOwners(), cancellation).ConfigureAwait(false);
        if (!closed.IsOk) return;
        foreach (var generation in closed.Value.Generations)
            await mediator.Send(new CloseOwner(generation), cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// What users may have and what they have stored; who changed it may have died before telling. What an earlier
    /// process used, or what is kept, only Db can count.
    /// </summary>
    private Task<Error?> AdoptTermsAsync(CancellationToken cancellation) => TermsReader.ReadAsync(
        request => mediator.Send(request, cancellation),
        page => loop.AskAsync<bool>(
            (queue, reply, now) =>
            {
                TermsReader.Hand(queue, page, now);
                reply.Reply(true);
            },
            cancellation));

    /// <summary>
    /// Reads a stretch of the unfinished jobs. One that the queue does not hold may just have ended, so it is read
    /// once more: what is unfinished in the store after the queue said it does not hold it, is a stranger.
    /// </summary>
    private async Task AdoptStrangersAsync(CancellationToken cancellation)
    {
        for (var rows = 0; rows < RowsPerRound;)
        {
            var page = await mediator.Send(new LoadUnfinished(_after, QueueStart.PageSize), cancellation).ConfigureAwait(false);
            if (!page.IsOk) return;
            rows += page.Value.Jobs.Count;
            var strangers = await loop.AskAsync<List<UnfinishedJob>>((queue, reply, _) =>
            {
                // Configurations of functions come along: who changed one may have died before telling.
                foreach (var binding in page.Value.Jobs.Select(job => job.Binding))
                    if (binding.Policy is { } policy) queue.AdoptPolicy(binding.Generation, binding.FunctionId, policy);
                reply.Reply(page.Value.Jobs.Where(job => !queue.Holds(job.Id)).ToList());
            }, cancellation)
                .ConfigureAwait(false);
            if (!strangers.IsOk) return;
            foreach (var stranger in strangers.Value) await AdoptAsync(stranger, cancellation).ConfigureAwait(false);
            _after = page.Value.More ? page.Value.Jobs[^1].Sequence : 0;
            if (!page.Value.More) return;
        }
    }

    private async Task AdoptAsync(UnfinishedJob stranger, CancellationToken cancellation)
    {
        var again = await mediator.Send(new LoadUnfinished(stranger.Sequence - 1, 1), cancellation)
            .ConfigureAwait(false);
        if (!again.IsOk || again.Value.Jobs.Count == 0 || again.Value.Jobs[0].Id != stranger.Id) return;
        QueueLog.Adopted(logger, stranger.Id);
        await loop.AskAsync<bool>((queue, reply, now) =>
        {
            queue.Restore(again.Value.Jobs[0], now);
            reply.Reply(true);
        }, cancellation).ConfigureAwait(false);
    }
}
