using FaaS.Application.Db;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Db;

/// <summary>What is past its time goes by itself.</summary>
public sealed class RetentionLoopTests
{
    [Fact]
    public async Task Audit_BeyondItsRetention_IsRemoved()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1_795_478_400_000));
        var store = new MemoryStore();
        var options = new DbOptions { AuditRetention = TimeSpan.FromDays(2) };
        using var loop = new RetentionLoop(store, store, Options.Create(options), time, NullLogger<RetentionLoop>.Instance);
        foreach (var days in new[] { 3, 1, 0 })
            await store.AppendAsync([new AuditRecord(Note(time.GetUtcNow().AddDays(-days)), AuditOutcomes.Done)], default);
        await loop.StartAsync(default);

        await Eventually.HoldsAsync(() => PassAsync(() => store.Audit.Count == 2));
        time.Advance(TimeSpan.FromDays(1.5));
        await Eventually.HoldsAsync(() => PassAsync(() => store.Audit.Count == 1));

        await loop.StopAsync(default);

        // The loop's timer may not wait yet when the time passes, so it passes again.
        Task<bool> PassAsync(Func<bool> condition)
        {
            time.Advance(options.SweepInterval);
            return Task.FromResult(condition());
        }
    }

    private static AuditNote Note(DateTimeOffset at) =>
        new(Origin.Unknown(), at.ToUnixTimeMilliseconds(), AuditActions.DeleteUser, "ann");
}
