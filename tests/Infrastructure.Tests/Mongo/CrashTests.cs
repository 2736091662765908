using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MongoDB.Bson;

namespace FaaS.Infrastructure.Tests.Mongo;

/// <summary>A commit that is cut off at each of its commands, and what is mended afterwards, by whom.</summary>
[Trait("needs", "mongo")]
public sealed class CrashTests : IAsyncLifetime
{
    /// <summary>The commands that write, of a commit with rows of all kinds.</summary>
    private const int Writes = 12;

    /// <summary>Far beyond any clock this runs under.</summary>
    private const long FarMs = 4_102_444_800_000;

    private readonly Guid _arguments = Guid.NewGuid(), _value = Guid.NewGuid(), _dropped = Guid.NewGuid();
    private Rig _rig = null!;
    private CuttingProxy _proxy = null!;
    private MongoStores _stores = null!;
    private long _epoch;

    public async ValueTask InitializeAsync()
    {
        _rig = await Rig.OpenAsync();
        _proxy = new CuttingProxy(_rig.Url);
        _stores = await _rig.ServeAsync(_proxy.Url);
        _epoch = (await _stores.Jobs.TakeEpochAsync(default)).Value.Number;
        foreach (var payload in new[] { _arguments, _value, _dropped })
            await _stores.Jobs.StorePayloadAsync(payload, new byte[20_000], Rig.NowMs, default);
        await CommitAsync(_stores, Rig.Commit(_epoch, [Rig.New(1), Rig.New(2), Rig.New(3), Rig.New(4, _dropped)]));
        await CommitAsync(_stores, Rig.Commit(_epoch, ended: [Rig.End(4)]));
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null) await _proxy.DisposeAsync();
        if (_rig is not null) await _rig.DisposeAsync();
    }

    [Theory]
    [InlineData(Cut.Before)]
    [InlineData(Cut.After)]
    public async Task Commit_WhenTheLineIsCutAtEachWrite_IsRepeatedToTheSameEnd(Cut cut)
    {
        var expected = new JobCommitted([], [WriteStatus.Stored, WriteStatus.Stored], [WriteStatus.Stored], [true]);
        for (var at = 1; at <= Writes + 1; at++)
        {
            _proxy.CutAt(at, cut);

            var answer = await _stores.Jobs.CommitAsync(Everything(), default);

            answer.IsOk.Should().Be(!_proxy.IsDown);
            if (!answer.IsOk) answer.Error.Code.Should().Be(ErrorCode.OutcomeUnknown);
            if (!_proxy.IsDown) Same(answer.Value, expected);
            _proxy.Mend();
            if (answer.IsOk) break;
        }
        Same(await CommitAsync(_stores, Everything() with { Deleted = [] }), expected with { Deleted = [] });
        await ShouldBeWholeAsync(_stores);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task Commit_WhenTheProcessDiesAtAWrite_IsMendedByTheNext(int write, Cut cut)
    {
        _proxy.CutAt(write, cut);
        var answer = await _stores.Jobs.CommitAsync(Everything(), default);
        answer.Error!.Code.Should().Be(ErrorCode.OutcomeUnknown, "the commit has this many writes");

        var next = await _rig.SucceedAsync();

        await ShouldBeConsistentAsync();
        // The queue has not died, and repeats what it was never told of.
        var repeated = await CommitAsync(next, Everything());
        repeated.New.Should().OnlyContain(row => row.Status == WriteStatus.Stored);
        repeated.Ended.Should().OnlyContain(status => status == WriteStatus.Stored);
        repeated.Retried.Should().OnlyContain(status => status == WriteStatus.Stored);
        await ShouldBeWholeAsync(next);
    }

    [Fact]
    public async Task Sweep_WhenTheProcessDiesAtEachWrite_KeepsTheSumAndLeavesNothing()
    {
        await CommitAsync(_stores, Everything());
        await CommitAsync(_stores, Rig.Commit(_epoch, ended: [Rig.End(3, attempt: 2), Rig.End(5)]));
        var before = (await _stores.Users.SumWallTimeAsync("ada", default)).Value;

        for (var at = 0; at <= 4 * Writes; at++)
        {
            _proxy.CutAt(1 + (at / 2), at % 2 == 0 ? Cut.Before : Cut.After);
            var sweep = await _stores.Jobs.SweepAsync(FarMs, FarMs, FarMs, default);
            _proxy.Mend();
            (await _stores.Users.SumWallTimeAsync("ada", default)).Value.Should().Be(before);
            if (sweep.IsOk && sweep.Value == default) break;
        }

        foreach (var collection in new[] { "jobs", "payloads", "payload_bytes", "ledger" })
            (await _rig.AllAsync(collection)).Should().BeEmpty(collection);
    }

    public static TheoryData<int, Cut> Cuts()
    {
        var rows = new TheoryData<int, Cut>();
        for (var write = 1; write <= Writes; write++)
        {
            rows.Add(write, Cut.Before);
            rows.Add(write, Cut.After);
        }
        return rows;
    }

    /// <summary>One row of each kind, with all that follows from it.</summary>
    private JobCommit Everything() => Rig.Commit(
        _epoch, [Rig.New(5, _arguments)], [Rig.End(1), Rig.End(2, payload: _value)], [Rig.Retry(3)], [Rig.Id(4)]);

    private static async Task<JobCommitted> CommitAsync(MongoStores stores, JobCommit commit)
    {
        var answer = await stores.Jobs.CommitAsync(commit, default);
        answer.Error.Should().BeNull();
        return answer.Value;
    }

    private static void Same(JobCommitted answer, JobCommitted expected)
    {
        answer.New.Should().OnlyContain(row => row.Status == WriteStatus.Stored);
        (answer with { New = [] }).Should().BeEquivalentTo(expected);
    }

    /// <summary>Whatever was done of the commit was done wholly.</summary>
    private async Task ShouldBeConsistentAsync()
    {
        var jobs = await _rig.AllAsync("jobs");
        jobs.Should().OnlyContain(job => job["settled"].AsBoolean && !job.Contains("bills"));
        var billed = (await _rig.AllAsync("ledger"))
            .Select(row => (row["job"].AsObjectId, row["attempt"].ToInt32())).ToList();
        billed.Should().BeEquivalentTo(jobs.SelectMany(job =>
            Enumerable.Range(1, job["tries"].ToInt32()).Select(attempt => (job["_id"].AsObjectId, attempt))));
        foreach (var payload in await _rig.AllAsync("payloads"))
            payload["jobs"].AsBsonArray.Should().BeEquivalentTo(
                jobs.Where(job => !job["hidden"].AsBoolean && Refers(job, payload["_id"])).Select(job => job["_id"]));
    }

    private static bool Refers(BsonDocument job, BsonValue payload) =>
        new[] { "argsRef", "valueRef", "logsRef" }.Any(field => job.GetValue(field, BsonNull.Value) == payload);

    /// <summary>All of the commit was done, and once.</summary>
    private async Task ShouldBeWholeAsync(MongoStores stores)
    {
        await ShouldBeConsistentAsync();
        (await stores.Users.SumWallTimeAsync("ada", default)).Value.TotalMicroseconds.Should().Be(3_010);
        (await _rig.AllAsync("ledger")).Should().HaveCount(4);
        (await stores.Jobs.FindAsync(Rig.Id(2), JobParts.Result, default)).Value.Value.Should().HaveCount(20_000);
        (await stores.Jobs.ReadArgumentsAsync([Rig.Id(5)], default)).Value[0].Should().HaveCount(20_000);
        (await stores.Jobs.FindAsync(Rig.Id(4), default, default)).Error!.Code.Should().Be(ErrorCode.JobNotFound);
        (await _rig.AllAsync("payload_bytes")).Should().HaveCount(2, "the deleted job's body is gone");
    }
}
