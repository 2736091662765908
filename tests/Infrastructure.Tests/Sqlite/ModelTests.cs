using CsCheck;
using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>Random histories of one user's jobs, against a model of a few lines.</summary>
public sealed class ModelTests
{
    private static readonly Gen<(int Kind, int Job, int Amount)[]> Histories =
        Gen.Select(Gen.Int[0, 5], Gen.Int[1, 8], Gen.Int[0, 50]).Array[1, 40];

    [Fact]
    public void AnyHistory_WhenAppliedTwiceEachStep_AgreesWithTheModel() =>
        Histories.Sample(history => ReplayAsync(history).GetAwaiter().GetResult(), iter: 60, threads: 1);

    private static async Task ReplayAsync((int Kind, int Job, int Amount)[] history)
    {
        await using var stores = new SqliteStores();
        await stores.Users.RegisterAsync("ada", Batch.NowMs, default);
        await stores.Functions.RegisterAsync("ada", "add", "() => 1"u8.ToArray(), Batch.NowMs, FunctionBounds.None, default);
        var epoch = (await stores.Jobs.TakeEpochAsync(default)).Value.Number;
        var model = new Dictionary<int, Modelled>();
        foreach (var (kind, job, amount) in history)
        {
            var state = model.GetValueOrDefault(job);
            var commit = Step(epoch, kind, job, amount, ref state);
            if (commit is null)
            {
                // An hour later: what has ended or was deleted goes, and only that.
                await stores.Jobs.SweepAsync(Batch.NowMs + 1_000_000, Batch.NowMs + 1_000_000, Batch.NowMs + 1_000_000, default);
                foreach (var gone in model.Where(entry => entry.Value.Ended))
                    model[gone.Key] = gone.Value with { Stored = false, Swept = true };
                continue;
            }
            (await stores.Jobs.CommitAsync(commit, default)).Error.Should().BeNull();
            (await stores.Jobs.CommitAsync(commit, default)).Error.Should().BeNull();
            model[job] = state;
        }
        await AgreeAsync(stores, model);
    }

    private static JobCommit? Step(long epoch, int kind, int job, int amount, ref Modelled state)
    {
        var empty = new JobCommit(epoch, [], [], [], []);
        switch (kind)
        {
            case 0 or 1:
                // A swept id would run again; the queue never sends one that late.
                if (!state.Swept) state = state with { Stored = true };
                return state.Swept ? empty : empty with { New = [Batch.New(job)] };
            case 2:
                var retry = new JobRetry(
                    Batch.Id(job), new AttemptCounts(state.Attempts + 1, 0, 0),
                    new ResourceUsage(TimeSpan.FromMicroseconds(amount), default, default), 0,
                    Batch.NowMs, Batch.NowMs + 1);
                if (state is { Stored: true, Ended: false })
                    state = state with { Attempts = state.Attempts + 1, WallUs = state.WallUs + amount };
                return empty with { Retried = [retry] };
            case 3:
                var end = Batch.End(job) with { Counts = new AttemptCounts(state.Attempts + 1, 0, 0) };
                if (state is { Stored: true, Ended: false })
                    state = state with { Ended = true, Attempts = state.Attempts + 1, WallUs = state.WallUs + 1_000 };
                return empty with { Ended = [end] };
            case 4:
                if (state is { Stored: true, Ended: true }) state = state with { Deleted = true };
                return empty with { Deleted = [Batch.Id(job)] };
            default:
                return null;
        }
    }

    private static async Task AgreeAsync(SqliteStores stores, Dictionary<int, Modelled> model)
    {
        foreach (var (job, state) in model)
        {
            var found = await stores.Jobs.FindAsync(Batch.Id(job), JobParts.None, default);
            found.IsOk.Should().Be(state is { Stored: true, Deleted: false });
            if (!found.IsOk) continue;
            found.Value.State.Should().Be(state.Ended ? JobState.Succeeded : JobState.Queued);
            found.Value.Counts.Ended.Should().Be(state.Attempts);
        }
        (await stores.Users.SumWallTimeAsync("ada", default)).Value.TotalMicroseconds
            .Should().Be(model.Values.Sum(state => state.WallUs));
        (await stores.Jobs.LoadUnfinishedAsync(0, 100, default)).Value.Jobs
            .Should().HaveCount(model.Values.Count(state => state is { Stored: true, Ended: false }));
    }

    private readonly record struct Modelled(
        bool Stored, bool Ended, bool Deleted, bool Swept, int Attempts, long WallUs);
}
