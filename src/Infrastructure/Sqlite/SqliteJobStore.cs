using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Jobs, bodies and the ledger in SQLite.</summary>
internal sealed class SqliteJobStore(SqliteStore store, TimeProvider time) : IJobStore
{
    private const string SelectOpen = """
        SELECT j.seq, j.id, j.version_id, j.ended_attempts, j.crashes, j.losses, j.submitted_ms, j.due_ms,
            j.expires_ms, j.generation
        FROM jobs j WHERE j.ended_ms = 0 AND j.seq > ? ORDER BY j.seq LIMIT ?
        """;

    private const string SelectLastSequence = """
        SELECT max(value, coalesce((SELECT max(seq) FROM jobs), 0)) FROM meta WHERE key = 'last_sequence'
        """;

    private const string SelectClosed = "SELECT closed FROM users WHERE generation = ?";

    private const string SelectArguments =
        "SELECT " + Bodies.Arguments + " FROM jobs j JOIN bodies b ON b.seq = j.seq WHERE j.id = ?";

    private const string InsertLeaseKey = "INSERT OR IGNORE INTO platform_secrets(name, value) VALUES ('lease_key', ?)";

    private const string SelectLeaseKey = "SELECT value FROM platform_secrets WHERE name = 'lease_key'";

    public Task<Result<Epoch>> TakeEpochAsync(CancellationToken cancellation) =>
        store.Writer.DoAsync<Epoch>(statements =>
        {
            statements["UPDATE meta SET value = value + 1 WHERE key = 'epoch'"].Run();
            store.ReadEpoch(statements);
            var last = Number(statements, SelectLastSequence);
            return new Epoch(store.Epoch, last, LeaseKey(statements));
        }, cancellation);

    public Task<Result<byte[]>> ReadLeaseKeyAsync(CancellationToken cancellation) =>
        store.Writer.DoAsync<byte[]>(statements => LeaseKey(statements), cancellation);

    public Task<Result<JobCommitted>> CommitAsync(JobCommit commit, CancellationToken cancellation) =>
        store.Writer.DoAsync<JobCommitted>(
            statements => commit.Epoch == store.Epoch
                ? store.JobWrites.Write(statements, commit)
                : new Error(ErrorCode.LeaseLost, $"Epoch {commit.Epoch} is over; the queue's epoch is {store.Epoch}."),
            cancellation);

    public Task<Result<UnfinishedJobs>> LoadUnfinishedAsync(
        long afterSequence, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var jobs = new List<UnfinishedJob>();
        var closed = new Dictionary<long, bool>();
        var bindings = new Dictionary<long, FunctionBinding>();
        var statement = lease.Statements[SelectOpen].Bind(afterSequence).Bind(max + 1);
        while (statement.Step())
        {
            if (jobs.Count == max)
            {
                statement.Reset();
                return Task.FromResult<Result<UnfinishedJobs>>(new UnfinishedJobs(jobs, true));
            }
            jobs.Add(new UnfinishedJob(
                JobId.Read(statement.Span(1)), statement.Int64(0),
                Find(lease.Statements, bindings, statement.Int64(2)),
                new AttemptCounts(statement.Int32(3), statement.Int32(4), statement.Int32(5)),
                statement.Int64(6), statement.Int64(7), statement.Int64(8),
                IsClosed(lease.Statements, closed, statement.Int64(9))));
        }
        return Task.FromResult<Result<UnfinishedJobs>>(new UnfinishedJobs(jobs, false));
    }

    public Task<Result<JobRecord>> FindAsync(JobId id, JobParts parts, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var record = JobReads.Find(lease.Statements, store.Bindings, id, parts, nowMs);
        return Task.FromResult(record is null ? StoreErrors.NoJob(id) : Result<JobRecord>.Ok(record));
    }

    public Task<Result<IReadOnlyList<byte[]?>>> ReadArgumentsAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var bodies = new byte[]?[ids.Count];
        for (var at = 0; at < bodies.Length; at++)
        {
            var statement = lease.Statements[SelectArguments].Bind(ids[at].ToBytes());
            if (!statement.Step()) continue;
            bodies[at] = statement.BlobOrNull(0);
            statement.Reset();
        }
        return Task.FromResult(Result<IReadOnlyList<byte[]?>>.Ok(bodies));
    }

    public Task<Result<bool>> StorePayloadAsync(Guid id, byte[] bytes, long nowMs, CancellationToken cancellation) =>
        store.Writer.DoAsync<bool>(
            statements => Payloads.Store(statements, id, bytes, nowMs, store.UnreferencedBytes)
                ? true
                : Refusals.TooManyBodies(store.UnreferencedBytes),
            cancellation);

    public Task<Result<RetentionSweep>> SweepAsync(
        long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs, CancellationToken cancellation) =>
        store.Writer.DoAsync<RetentionSweep>(
            statements => Retention.Sweep(statements, endedBeforeMs, orphanedBeforeMs, keyedBeforeMs), cancellation);

    /// <summary>A version with what is configured for its function: read once a page, and one object for all its jobs.</summary>
    private FunctionBinding Find(Statements statements, Dictionary<long, FunctionBinding> known, long version)
    {
        if (known.TryGetValue(version, out var binding)) return binding;
        binding = store.Bindings.WithPolicy(statements, store.Bindings.Find(statements, version));
        known.Add(version, binding);
        return binding;
    }

    private static bool IsClosed(Statements statements, Dictionary<long, bool> known, long generation)
    {
        if (known.TryGetValue(generation, out var closed)) return closed;
        var statement = statements[SelectClosed].Bind(generation);
        closed = statement.Step() && statement.Int32(0) != 0;
        statement.Reset();
        known.Add(generation, closed);
        return closed;
    }

    private static byte[] LeaseKey(Statements statements)
    {
        statements[InsertLeaseKey].Bind(RandomNumberGenerator.GetBytes(LeaseSealer.KeySize)).Run();
        var statement = statements[SelectLeaseKey];
        statement.Step();
        var key = statement.Span(0).ToArray();
        statement.Reset();
        return key;
    }

    private static long Number(Statements statements, string sql)
    {
        var statement = statements[sql];
        var number = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return number;
    }
}
