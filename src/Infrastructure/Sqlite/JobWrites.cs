using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The rows of one group commit, written inside the writer's transaction.</summary>
internal sealed class JobWrites(Bindings bindings, ILogger logger)
{
    private const string InsertJob = """
        INSERT INTO jobs(seq, id, version_id, generation, state, submitted_ms, due_ms, expires_ms, redrive_of, function_id,
            idempotency_key, idempotency_print)
        VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING
        """;

    private const string FindStored = "SELECT seq, version_id, ended_ms FROM jobs WHERE id = ?";

    private const string FindRow =
        "SELECT seq, version_id, ended_ms, ended_attempts, submitted_ms, due_ms, state FROM jobs WHERE id = ?";

    private const string EndRun = """
        UPDATE jobs SET state = ?, outcome = ?, ended_attempts = ?, crashes = ?, losses = ?, ended_ms = ?, kind = ?,
            error_name = ?, error_message = ?, error_stack = ?, started_ms = ?, wall_us = ?, cpu_us = ?, cold_us = ?
        WHERE seq = ?
        """;

    /// <summary>Of a job that ends without another attempt, the last attempt's times and usage stay.</summary>
    private const string EndUnrun = """
        UPDATE jobs SET state = ?, outcome = ?, ended_attempts = ?, crashes = ?, losses = ?, ended_ms = ?, kind = ?,
            error_name = ?, error_message = ?, error_stack = ?
        WHERE seq = ?
        """;

    private const string RetryJob = """
        UPDATE jobs SET ended_attempts = ?, crashes = ?, losses = ?, due_ms = ?, started_ms = ?, wall_us = ?,
            cpu_us = ?, cold_us = ?
        WHERE seq = ?
        """;

    private const string HideJob =
        "UPDATE jobs SET hidden = 1 WHERE id = ? AND ended_ms > 0 AND hidden = 0 RETURNING seq";

    private readonly Ledger _ledger = new();

    public JobCommitted Write(Statements statements, JobCommit commit)
    {
        _ledger.Begin();
        var stored = new NewJobOutcome[commit.New.Count];
        for (var at = 0; at < stored.Length; at++) stored[at] = Add(statements, commit.New[at]);
        var ended = new WriteStatus[commit.Ended.Count];
        for (var at = 0; at < ended.Length; at++) ended[at] = End(statements, commit.Ended[at]);
        var retried = new WriteStatus[commit.Retried.Count];
        for (var at = 0; at < retried.Length; at++) retried[at] = Retry(statements, commit.Retried[at]);
        var deleted = new bool[commit.Deleted.Count];
        for (var at = 0; at < deleted.Length; at++) deleted[at] = Delete(statements, commit.Deleted[at]);
        _ledger.Finish(statements);
        return new JobCommitted(stored, ended, retried, deleted);
    }

    private NewJobOutcome Add(Statements statements, NewJob job)
    {
        var submission = job.Submission;
        var generation = bindings.FindOpen(statements, submission.User);
        if (generation == 0) return AlreadyThere(statements, submission.Id) ?? Refuse(StoreErrors.NoUser(submission.User));
        // Whatever has become of the function: the key's job is the answer.
        if (submission.Idempotency is { } key && IdempotencyKeys.Refuse(statements, generation, submission, key) is { } known)
            return Refuse(known);
        var binding = bindings.FindCurrent(statements, generation, submission.Function);
        if (binding is null)
            return AlreadyThere(statements, submission.Id)
                ?? Refuse(StoreErrors.NoFunction(submission.User, submission.Function));
        if (submission.VersionId is { } version)
        {
            binding = bindings.FindVersion(statements, binding, version);
            if (binding is null)
                return AlreadyThere(statements, submission.Id)
                    ?? Refuse(StoreErrors.NoVersion(submission.User, submission.Function));
        }
        if (!Insert(statements, job, binding))
            return AlreadyThere(statements, submission.Id) ?? RefuseSequence(job);
        if (!Bodies.Add(statements, job.Sequence, submission.Arguments))
        {
            statements["DELETE FROM jobs WHERE seq = ?"].Bind(job.Sequence).Run();
            return Refuse(new Error(ErrorCode.BadRequest, "The stored arguments are gone; submit the job again."));
        }
        return new NewJobOutcome(WriteStatus.Stored, job.Sequence, binding, null);
    }

    /// <summary>Stores the row; false when the id or the sequence number is taken.</summary>
    private static bool Insert(Statements statements, NewJob job, FunctionBinding binding)
    {
        var submission = job.Submission;
        Span<byte> id = stackalloc byte[JobId.Size];
        submission.Id.Write(id);
        var statement = statements[InsertJob].Bind(job.Sequence).Bind(id).Bind(binding.VersionId)
            .Bind(binding.Generation).Bind(submission.SubmittedAtMs).Bind(submission.DueAtMs)
            .Bind(submission.ExpiresAtMs).Bind(submission.RedriveOf?.ToBytes()).Bind(binding.FunctionId)
            .Bind(submission.Idempotency?.Key).Bind(IdempotencyKeys.Print(submission.Idempotency));
        try
        {
            statement.Run();
            return statements.Database.Changes > 0;
        }
        catch (SqliteFailure failure) when (failure.Primary == raw.SQLITE_CONSTRAINT)
        {
            // A submission repeated has the same number too, and which of the two SQLite notices first is its choice.
            return false;
        }
    }

    /// <summary>A submission repeated: what an earlier try stored, whatever has become of the function since.</summary>
    private NewJobOutcome? AlreadyThere(Statements statements, JobId id)
    {
        var statement = statements[FindStored].Bind(id.ToBytes());
        if (!statement.Step()) return null;
        var (sequence, version, endedAtMs) = (statement.Int64(0), statement.Int64(1), statement.Int64(2));
        statement.Reset();
        return endedAtMs != 0
            ? new NewJobOutcome(WriteStatus.Ignored, sequence, null, null)
            : new NewJobOutcome(WriteStatus.Stored, sequence, bindings.Find(statements, version), null);
    }

    private static NewJobOutcome Refuse(Error error) => new(WriteStatus.Refused, 0, null, error);

    /// <summary>
    /// Two jobs with one number are a defect of the queue. The stored one keeps it, and the new one is refused by
    /// itself: refusing the commit would have the queue repeat it forever.
    /// </summary>
    private NewJobOutcome RefuseSequence(NewJob job)
    {
        SqliteLog.SequenceTaken(logger, job.Submission.Id, job.Sequence);
        return Refuse(new Error(
            ErrorCode.Internal, $"The job's place in the order ({job.Sequence}) is taken; submit the job again."));
    }

    private WriteStatus End(Statements statements, JobEnd end)
    {
        Span<byte> id = stackalloc byte[JobId.Size];
        end.Id.Write(id);
        if (!FindJob(statements, id, out var row)) return WriteStatus.Ignored;
        if (row.EndedAtMs != 0)
            return row.Attempts == end.Counts.Ended && row.EndedAtMs == end.EndedAtMs && row.State == end.State
                ? WriteStatus.Stored
                : WriteStatus.Ignored;

        var (counts, result, usage) = (end.Counts, end.End, end.End.Usage);
        var statement = statements[end.IsBilled ? EndRun : EndUnrun].Bind((long)end.State).Bind((long)result.Outcome)
            .Bind(counts.Ended).Bind(counts.Crashes).Bind(counts.Losses).Bind(end.EndedAtMs).Bind((long)result.Kind)
            .Bind(result.Error?.Name).Bind(result.Error?.Message).Bind(result.Error?.Stack);
        if (end.IsBilled)
            statement.Bind(end.StartedAtMs).Bind(Ledger.Us(usage.Wall)).Bind(Ledger.Us(usage.Cpu))
                .Bind(Ledger.Us(usage.ColdStart));
        statement.Bind(row.Sequence).Run();
        Bodies.AddResult(statements, row.Sequence, result.Value, result.Logs);
        if (end.IsBilled) Bill(statements, id, row, counts.Ended, usage, end.StartedAtMs, end.EndedAtMs);
        return WriteStatus.Stored;
    }

    private WriteStatus Retry(Statements statements, JobRetry retry)
    {
        Span<byte> id = stackalloc byte[JobId.Size];
        retry.Id.Write(id);
        if (!FindJob(statements, id, out var row) || row.EndedAtMs != 0) return WriteStatus.Ignored;
        var attempt = retry.Counts.Ended;
        if (row.Attempts >= attempt) return row.Attempts == attempt ? WriteStatus.Stored : WriteStatus.Ignored;

        var usage = retry.Usage ?? default;
        statements[RetryJob].Bind(attempt).Bind(retry.Counts.Crashes).Bind(retry.Counts.Losses).Bind(retry.DueAtMs)
            .Bind(retry.StartedAtMs).Bind(Ledger.Us(usage.Wall)).Bind(Ledger.Us(usage.Cpu))
            .Bind(Ledger.Us(usage.ColdStart)).Bind(row.Sequence).Run();
        if (retry.Usage is not null) Bill(statements, id, row, attempt, usage, retry.StartedAtMs, retry.EndedAtMs);
        return WriteStatus.Stored;
    }

    private void Bill(
        Statements statements, ReadOnlySpan<byte> id, in StoredJob row, int attempt, ResourceUsage usage,
        long startedAtMs, long endedAtMs)
    {
        var queuedUs = Math.Max(0, startedAtMs - row.WaitsFromMs) * 1000;
        _ledger.Bill(
            statements, bindings.Find(statements, row.Version), id, attempt, endedAtMs, queuedUs, usage);
    }

    private static bool Delete(Statements statements, JobId id)
    {
        var statement = statements[HideJob].Bind(id.ToBytes());
        if (!statement.Step()) return false;
        var sequence = statement.Int64(0);
        statement.Run();
        Bodies.Drop(statements, sequence);
        return true;
    }

    private static bool FindJob(Statements statements, ReadOnlySpan<byte> id, out StoredJob row)
    {
        var statement = statements[FindRow].Bind(id);
        row = default;
        if (!statement.Step()) return false;
        row = new StoredJob(
            statement.Int64(0), statement.Int64(1), statement.Int64(2), statement.Int32(3),
            Math.Max(statement.Int64(4), statement.Int64(5)), (JobState)statement.Int32(6));
        statement.Reset();
        return true;
    }

    /// <summary>What an end or a retry is guarded by, and what its bill needs.</summary>
    private readonly record struct StoredJob(
        long Sequence, long Version, long EndedAtMs, int Attempts, long WaitsFromMs, JobState State);
}
