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

    private const string SelectClosed = "SELECT closed FROM users WHERE generation = ?";

    private const string SelectArguments = """
        SELECT coalesce(b.arguments, (SELECT p.bytes FROM payloads p WHERE p.id = b.arguments_payload))
        FROM jobs j JOIN bodies b ON b.seq = j.seq WHERE j.id = ?
        """;

    private const string InsertPayload =
        "INSERT INTO payloads(id, stored_ms, bytes) VALUES (?, ?, ?) ON CONFLICT(id) DO NOTHING";

    public Task<Result<Epoch>> TakeEpochAsync(CancellationToken cancellation) =>
        store.Writer.DoAsync<Epoch>(statements =>
        {
            statements["UPDATE meta SET value = value + 1 WHERE key = 'epoch'"].Run();
            store.Epoch = Number(statements, "SELECT value FROM meta WHERE key = 'epoch'");
            var last = Number(statements, "SELECT max(value, coalesce((SELECT max(seq) FROM jobs), 0)) FROM meta WHERE key = 'last_sequence'");
            return new Epoch(store.Epoch, last);
        });

    public Task<Result<JobCommitted>> CommitAsync(JobCommit commit, CancellationToken cancellation) =>
        store.Writer.DoAsync<JobCommitted>(statements => commit.Epoch == store.Epoch
            ? store.JobWrites.Write(statements, commit)
            : new Error(ErrorCode.LeaseLost, $"Epoch {commit.Epoch} is over; the queue's epoch is {store.Epoch}."));

    public Task<Result<UnfinishedJobs>> LoadUnfinishedAsync(
        long afterSequence, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var jobs = new List<UnfinishedJob>();
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
                store.Bindings.Find(lease.Statements, statement.Int64(2)),
                new AttemptCounts(statement.Int32(3), statement.Int32(4), statement.Int32(5)),
                statement.Int64(6), statement.Int64(7), statement.Int64(8),
                IsClosed(lease.Statements, statement.Int64(9))));
        }
        return Task.FromResult<Result<UnfinishedJobs>>(new UnfinishedJobs(jobs, false));
    }

    public Task<Result<JobRecord>> FindAsync(JobId id, JobParts parts, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var record = JobReads.Find(lease.Statements, store.Bindings, id, parts, time.GetUtcNow().ToUnixTimeMilliseconds());
        return Task.FromResult(record is null ? Refusals.NoJob(id.ToString()) : Result<JobRecord>.Ok(record));
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
        store.Writer.DoAsync<bool>(statements =>
        {
            statements[InsertPayload].Bind((Guid?)id).Bind(nowMs).Bind(bytes).Run();
            return true;
        });

    public Task<Result<RetentionSweep>> SweepAsync(
        long endedBeforeMs, long orphanedBeforeMs, CancellationToken cancellation) =>
        store.Writer.DoAsync<RetentionSweep>(statements => Retention.Sweep(statements, endedBeforeMs, orphanedBeforeMs));

    private static bool IsClosed(Statements statements, long generation)
    {
        var statement = statements[SelectClosed].Bind(generation);
        var closed = statement.Step() && statement.Int32(0) != 0;
        statement.Reset();
        return closed;
    }

    private static long Number(Statements statements, string sql)
    {
        var statement = statements[sql];
        var number = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return number;
    }
}
