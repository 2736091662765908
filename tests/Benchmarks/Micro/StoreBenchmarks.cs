using BenchmarkDotNet.Attributes;
using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Benchmarks.Micro;

/// <summary>Durable commits into SQLite: new jobs, then their ends. The time is that of the two commits.</summary>
[MemoryDiagnoser]
public class StoreBenchmarks
{
    private static readonly AttemptEnd End = new(Outcome.Success, ResultKind.Json, Body.Of("11"u8.ToArray()), null, Body.Empty,
        new ResourceUsage(TimeSpan.FromMilliseconds(0.1), TimeSpan.FromMilliseconds(0.1), TimeSpan.Zero));
    private string _folder = "";
    private ServiceProvider _services = null!;
    private IJobStore _jobs = null!;
    private long _epoch;
    private long _sequence;

    /// <summary>Rows in a commit.</summary>
    [Params(64, 256)]
    public int Rows { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _folder = Directory.CreateTempSubdirectory("faas-store-").FullName;
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(TimeProvider.System);
        services.AddSqlite($"sqlite:{Path.Combine(_folder, "bench.db")}");
        _services = services.BuildServiceProvider();
        _jobs = _services.GetRequiredService<IJobStore>();
        await _services.GetRequiredService<IUserStore>().RegisterAsync("bench", null, new AuditNote(Origin.Unknown(), 1, "benchmark", "bench"), CancellationToken.None).ConfigureAwait(false);
        await _services.GetRequiredService<IFunctionStore>()
            .RegisterAsync("bench", "add", "(a, b) => a + b"u8.ToArray(), 1, FunctionBounds.None, CancellationToken.None).ConfigureAwait(false);
        var epoch = await _jobs.TakeEpochAsync(CancellationToken.None).ConfigureAwait(false);
        _epoch = epoch.Value.Number;
        _sequence = epoch.Value.LastSequence;
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _services.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>One commit of new jobs and one of their ends.</summary>
    [Benchmark]
    public async Task<int> NewThenEnded()
    {
        var commit = NewJobs(_epoch, Rows, _sequence);
        _sequence += Rows;
        var stored = await _jobs.CommitAsync(commit, CancellationToken.None).ConfigureAwait(false);
        if (stored.Value.New.Any(row => row.Status != WriteStatus.Stored)) throw new InvalidOperationException("Not stored.");
        var ends = commit.New.Select(job => new JobEnd(job.Submission.Id, JobState.Succeeded, new AttemptCounts(1, 0, 0), End, 2, 3));
        var ended = await _jobs.CommitAsync(new JobCommit(_epoch, [], [.. ends], [], []), CancellationToken.None).ConfigureAwait(false);
        return ended.Value.Ended.Count;
    }

    /// <summary>A commit of new jobs, numbered on from the last sequence number.</summary>
    internal static JobCommit NewJobs(long epoch, int rows, long lastSequence = 0) => new(epoch,
        [.. Enumerable.Range(1, rows).Select(at => new NewJob(lastSequence + at, new JobSubmission(
            new JobId((ulong)((lastSequence + at) >> 20) + 1, (uint)((lastSequence + at) & 0xFFFFF)), "bench", "add", Body.Of("[5,6]"u8.ToArray()), 1)))],
        [], [], []);
}
