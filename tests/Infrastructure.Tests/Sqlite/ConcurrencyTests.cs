using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Stores;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>Shared transactions, and many callers at once.</summary>
public sealed class ConcurrencyTests : IAsyncLifetime
{
    private readonly SqliteStores _stores = new();
    private long _epoch;

    public async ValueTask InitializeAsync()
    {
        await _stores.Users.RegisterAsync("ada", Batch.NowMs, default);
        await _stores.Functions.RegisterAsync("ada", "add", "() => 1"u8.ToArray(), Batch.NowMs, FunctionBounds.None, default);
        _epoch = (await _stores.Jobs.TakeEpochAsync(default)).Value.Number;
    }

    public ValueTask DisposeAsync() => _stores.DisposeAsync();

    [Fact]
    public async Task Do_WhenWritesWait_ShareATransaction()
    {
        using var gate = new ManualResetEventSlim();
        var before = _stores.Store.Writer.Commits;
        var blocking = Hold(gate);
        var waiting = Enumerable.Range(0, 50)
            .Select(at => _stores.Jobs.CommitAsync(Batch.Added(_epoch, 1 + at, 1), default)).ToArray();

        gate.Set();
        await blocking;
        foreach (var commit in waiting) (await commit).IsOk.Should().BeTrue();

        (_stores.Store.Writer.Commits - before).Should().Be(2, "one held the gate, and all that came meanwhile is one");
    }

    [Fact]
    public async Task Do_WhenOneOfAGroupFails_StoresTheOthers()
    {
        using var gate = new ManualResetEventSlim();
        var blocking = Hold(gate);
        var first = _stores.Jobs.CommitAsync(Batch.Added(_epoch, 1, 3), default);
        var defect = _stores.Store.Writer.DoAsync<bool>(
            statements =>
            {
                statements["DELETE FROM jobs"].Run();
                throw new InvalidOperationException("a defect");
            },
            default);
        var constraint = _stores.Store.Writer.DoAsync<bool>(
            statements =>
            {
                statements["UPDATE jobs SET version_id = NULL"].Run();
                return true;
            },
            default);
        var last = _stores.Jobs.CommitAsync(Batch.Added(_epoch, 4, 3), default);

        gate.Set();
        await blocking;

        (await first).IsOk.Should().BeTrue();
        (await defect).Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await constraint).Error!.Code.Should().Be(ErrorCode.NotDurable);
        (await last).IsOk.Should().BeTrue();
        (await _stores.Jobs.LoadUnfinishedAsync(0, 100, default)).Value.Jobs.Should().HaveCount(6);
    }

    [Fact]
    public async Task Do_WhenARegistrationIsTakenBack_ForgetsWhatItSaid()
    {
        var failed = await _stores.Store.Writer.DoAsync<bool>(
            statements =>
            {
                statements["UPDATE users SET closed = 1"].Run();
                _stores.Store.Bindings.ForgetUser("ada");
                _stores.Store.Bindings.FindOpen(statements, "ada").Should().Be(0);
                throw new InvalidOperationException("a defect");
            },
            default);

        failed.IsOk.Should().BeFalse();
        var answer = await _stores.Jobs.CommitAsync(Batch.Added(_epoch, 1, 1), default);
        answer.Value.New[0].Status.Should().Be(WriteStatus.Stored);
    }

    [Fact]
    public async Task Commit_WhenCancelledBeforeItBegins_WritesNothing()
    {
        using var gate = new ManualResetEventSlim();
        using var cancelled = new CancellationTokenSource();
        var blocking = Hold(gate);
        var commit = _stores.Jobs.CommitAsync(Batch.Added(_epoch, 1, 1), cancelled.Token);

        await cancelled.CancelAsync();
        gate.Set();
        await blocking;

        await FluentActions.Awaiting(() => commit).Should().ThrowAsync<OperationCanceledException>();
        (await _stores.Jobs.LoadUnfinishedAsync(0, 100, default)).Value.Jobs.Should().BeEmpty();
    }

    [Fact]
    public async Task AllCalls_WhenManyCallAtOnce_KeepTheInvariants()
    {
        const int Writers = 6, Rounds = 25, Rows = 16;
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(seed => Task.Run(() => ReadAsync(seed, done.Token))).ToArray();
        var registering = Task.Run(() => RegisterAsync(done.Token));

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer))));

        await done.CancelAsync();
        await Task.WhenAll([.. readers, registering]);
        (await _stores.Jobs.LoadUnfinishedAsync(0, 10_000, default)).Value.Jobs.Should().BeEmpty();
        (await _stores.Users.SumWallTimeAsync("ada", default)).Value.TotalMilliseconds
            .Should().Be(Writers * Rounds * Rows);

        async Task WriteAsync(int writer)
        {
            for (var round = 0; round < Rounds; round++)
            {
                var from = 1 + (((writer * Rounds) + round) * Rows);
                var added = await _stores.Jobs.CommitAsync(Batch.Added(_epoch, from, Rows), default);
                added.Value.New.Should().OnlyContain(row => row.Status == WriteStatus.Stored);
                var found = await _stores.Jobs.FindAsync(Batch.Id(from), JobParts.Result, default);
                found.Value.State.Should().Be(JobState.Queued, "what was answered is there to be read");
                var ended = await _stores.Jobs.CommitAsync(Batch.Ended(_epoch, from, Rows), default);
                ended.Value.Ended.Should().OnlyContain(status => status == WriteStatus.Stored);
                (await _stores.Jobs.FindAsync(Batch.Id(from), JobParts.Result, default)).Value.Value
                    .Should().Equal("3"u8.ToArray());
            }
        }
    }

    private async Task ReadAsync(int seed, CancellationToken done)
    {
        var random = new Random(seed);
        while (!done.IsCancellationRequested)
        {
            var id = Batch.Id(random.Next(1, 2_401));
            var found = await _stores.Jobs.FindAsync(id, JobParts.Result | JobParts.Logs, default);
            if (found.IsOk && found.Value.State == JobState.Succeeded) found.Value.Value.Should().NotBeNull();
            var page = (await _stores.Jobs.LoadUnfinishedAsync(0, 200, default)).Value;
            page.Jobs.Select(job => job.Sequence).Should().BeInAscendingOrder();
        }
    }

    private async Task RegisterAsync(CancellationToken done)
    {
        for (var at = 0; !done.IsCancellationRequested; at++)
        {
            await _stores.Users.RegisterAsync("bob", Batch.NowMs, default);
            var source = System.Text.Encoding.UTF8.GetBytes($"() => {at}");
            (await _stores.Functions.RegisterAsync("bob", "f", source, Batch.NowMs, FunctionBounds.None, default)).Value.Should().Be(1);
            (await _stores.Functions.FindAsync("bob", "f", default)).Value.Source.Should().Equal(source);
        }
    }

    private Task<Result<bool>> Hold(ManualResetEventSlim gate)
    {
        var entered = new ManualResetEventSlim();
        var holding = _stores.Store.Writer.DoAsync<bool>(
            _ =>
            {
                entered.Set();
                return gate.Wait(TimeSpan.FromSeconds(30));
            },
            default);
        entered.Wait(TimeSpan.FromSeconds(30)).Should().BeTrue();
        return holding;
    }
}
