using System.Text;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Stores;

/// <summary>
/// What every adapter of the store's ports is held to. A test sees only the ports, and expects of a call no more than
/// what it promises: an adapter without transactions can meet it.
/// </summary>
public abstract class StoreContract : IAsyncLifetime
{
    /// <summary>2026-11-24 00:00 UTC, the beginning of a day.</summary>
    protected const long NowMs = 1_795_478_400_000;

    /// <summary>Far beyond any clock this runs under.</summary>
    protected const long FarMs = 4_102_444_800_000;

    protected const string User = "ada";

    protected const string Function = "add";

    private int _made;

    protected OpenStores Stores { get; private set; } = null!;

    protected IJobStore Jobs => Stores.Jobs;

    protected IUserStore Users => Stores.Users;

    protected IFunctionStore Functions => Stores.Functions;

    protected long Epoch { get; private set; }

    public virtual async ValueTask InitializeAsync()
    {
        Stores = await OpenAsync();
        Epoch = (await Jobs.TakeEpochAsync(default)).Value.Number;
    }

    public async ValueTask DisposeAsync()
    {
        await Stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens an empty store.</summary>
    protected abstract Task<OpenStores> OpenAsync();

    protected static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    protected static ResourceUsage Used(long wallUs, long cpuUs = 0, long coldUs = 0) => new(
        TimeSpan.FromMicroseconds(wallUs), TimeSpan.FromMicroseconds(cpuUs), TimeSpan.FromMicroseconds(coldUs));

    /// <summary>Registers the user and the function; gives the user's generation.</summary>
    protected async Task<long> RegisterAsync(string user = User, string function = Function, string source = "() => 1")
    {
        var registration = await Users.RegisterAsync(user, NowMs, default);
        (await Functions.RegisterAsync(user, function, Utf8(source), NowMs, FunctionBounds.None, default)).IsOk.Should().BeTrue();
        return registration.Value.Generation;
    }

    /// <summary>A job with the next id and the next sequence number.</summary>
    protected NewJob NewJob(
        string user = User, string function = Function, string arguments = "[1,2]", long dueAtMs = 0,
        long expiresAtMs = 0, JobId? redriveOf = null, Body? body = null, long? versionId = null)
    {
        var number = ++_made;
        return new NewJob(number, new JobSubmission(
            new JobId(0x6743_0000_0000_0000 + (ulong)(number % 7), (uint)number), user, function,
            body ?? Body.Of(Utf8(arguments)), NowMs, dueAtMs, expiresAtMs, redriveOf, versionId));
    }

    protected static JobEnd Succeed(
        NewJob job, string value = "3", long wallUs = 1_500, int attempt = 1, long endedAtMs = NowMs + 20) => new(
        job.Submission.Id, JobState.Succeeded, new AttemptCounts(attempt, 0, 0),
        new AttemptEnd(Outcome.Success, ResultKind.Json, Body.Of(Utf8(value)), null, Body.Empty, Used(wallUs)),
        NowMs + 10, endedAtMs);

    protected static JobEnd Cancel(NewJob job, int attempts = 0, long endedAtMs = NowMs + 20) => new(
        job.Submission.Id, JobState.Cancelled, new AttemptCounts(attempts, 0, 0),
        AttemptEnd.Of(Outcome.Cancelled, new FunctionError("CancelledError", "Its owner stopped it.")), 0, endedAtMs);

    protected static JobRetry Retry(NewJob job, int attempt, long? wallUs, long dueAtMs = 0) => new(
        job.Submission.Id, new AttemptCounts(attempt, attempt, 0), wallUs is { } wall ? Used(wall) : null, dueAtMs,
        NowMs + (10 * attempt), NowMs + (10 * attempt) + 5);

    protected JobCommit Commit(
        IEnumerable<NewJob>? added = null, IEnumerable<JobEnd>? ended = null, IEnumerable<JobRetry>? retried = null,
        IEnumerable<JobId>? deleted = null) =>
        new(Epoch, [.. added ?? []], [.. ended ?? []], [.. retried ?? []], [.. deleted ?? []]);

    protected async Task<JobCommitted> StoreAsync(JobCommit commit)
    {
        var answer = await Jobs.CommitAsync(commit, default);
        answer.Error.Should().BeNull();
        return answer.Value;
    }

    protected Task<JobCommitted> AddAsync(params NewJob[] jobs) => StoreAsync(Commit(added: jobs));

    protected Task<JobCommitted> EndAsync(params JobEnd[] ends) => StoreAsync(Commit(ended: ends));

    /// <summary>A stored job that has not ended.</summary>
    protected async Task<NewJob> AddedAsync(string arguments = "[1,2]")
    {
        var job = NewJob(arguments: arguments);
        (await AddAsync(job)).New[0].Status.Should().Be(WriteStatus.Stored);
        return job;
    }

    protected async Task<JobRecord> FoundAsync(NewJob job, JobParts parts = JobParts.None)
    {
        var found = await Jobs.FindAsync(job.Submission.Id, parts, default);
        found.Error.Should().BeNull();
        return found.Value;
    }

    protected async Task<long> SumUsAsync(string user = User) =>
        (long)(await Users.SumWallTimeAsync(user, default)).Value.TotalMicroseconds;

    protected async Task<IReadOnlyList<UnfinishedJob>> UnfinishedAsync()
    {
        var jobs = new List<UnfinishedJob>();
        while (true)
        {
            var page = (await Jobs.LoadUnfinishedAsync(jobs.Count == 0 ? 0 : jobs[^1].Sequence, 100, default)).Value;
            jobs.AddRange(page.Jobs);
            if (!page.More) return jobs;
        }
    }

    /// <summary>Sweeps until nothing is left to be removed.</summary>
    protected async Task<RetentionSweep> SweepAllAsync(long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs = FarMs)
    {
        var (jobs, payloads) = (0, 0);
        while (true)
        {
            var sweep = (await Jobs.SweepAsync(endedBeforeMs, orphanedBeforeMs, keyedBeforeMs, default)).Value;
            if (sweep is { Jobs: 0, Payloads: 0 }) return new RetentionSweep(jobs, payloads);
            (jobs, payloads) = (jobs + sweep.Jobs, payloads + sweep.Payloads);
        }
    }

    protected static void ShouldFail<T>(Result<T> result, ErrorCode code)
    {
        result.IsOk.Should().BeFalse();
        result.Error!.Code.Should().Be(code);
    }
}
