using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The rows of one group commit, written inside the writer's transaction.</summary>
internal sealed class JobWrites(Bindings bindings)
{
    private const long MsPerDay = 24L * 60 * 60 * 1000;

    private const string InsertJob = """
        INSERT INTO jobs(seq, id, version_id, generation, state, submitted_ms, due_ms, expires_ms, redrive_of)
        VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING
        """;

    private const string FindStored = "SELECT seq, version_id, ended_ms FROM jobs WHERE id = ?";

    private const string InsertBody = "INSERT INTO bodies(seq, arguments, arguments_payload) VALUES (?, ?, ?)";

    private const string ClaimPayload = "UPDATE payloads SET seq = ? WHERE id = ?";

    private const string EndJob = """
        UPDATE jobs SET state = ?, outcome = ?, ended_attempts = ?, crashes = ?, losses = ?, started_ms = ?,
            ended_ms = ?, wall_us = ?, cpu_us = ?, cold_us = ?, kind = ?, error_name = ?, error_message = ?,
            error_stack = ?
        WHERE id = ? AND ended_ms = 0
        RETURNING seq, version_id, submitted_ms, due_ms
        """;

    private const string RetryJob = """
        UPDATE jobs SET ended_attempts = ?, crashes = ?, losses = ?, due_ms = ?, expires_ms = 0, started_ms = ?,
            wall_us = ?, cpu_us = ?, cold_us = ?
        WHERE id = ? AND ended_ms = 0 AND ended_attempts < ?
        RETURNING seq, version_id, submitted_ms
        """;

    private const string FindCounts = "SELECT ended_attempts, ended_ms FROM jobs WHERE id = ?";

    private const string AddBody =
        "UPDATE bodies SET value = ?, value_payload = ?, logs = ?, logs_payload = ? WHERE seq = ?";

    private const string InsertBill = "INSERT OR IGNORE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

    private const string HideJob =
        "UPDATE jobs SET hidden = 1 WHERE id = ? AND ended_ms > 0 AND hidden = 0 RETURNING seq";

    private const string DropBody = "DELETE FROM bodies WHERE seq = ?";
    private const string DropPayloads = "DELETE FROM payloads WHERE seq = ?";

    public JobCommitted Write(Statements statements, JobCommit commit)
    {
        var stored = new NewJobOutcome[commit.New.Count];
        for (var at = 0; at < stored.Length; at++) stored[at] = Add(statements, commit.New[at]);
        var ended = new WriteStatus[commit.Ended.Count];
        for (var at = 0; at < ended.Length; at++) ended[at] = End(statements, commit.Ended[at]);
        var retried = new WriteStatus[commit.Retried.Count];
        for (var at = 0; at < retried.Length; at++) retried[at] = Retry(statements, commit.Retried[at]);
        var deleted = new bool[commit.Deleted.Count];
        for (var at = 0; at < deleted.Length; at++) deleted[at] = Delete(statements, commit.Deleted[at]);
        return new JobCommitted(stored, ended, retried, deleted);
    }

    private NewJobOutcome Add(Statements statements, NewJob job)
    {
        var submission = job.Submission;
        var generation = bindings.FindOpen(statements, submission.User);
        if (generation == 0) return AlreadyThere(statements, submission.Id) ?? Refuse(Refusals.NoUser(submission.User));
        var binding = bindings.FindCurrent(statements, generation, submission.Function);
        if (binding is null)
            return AlreadyThere(statements, submission.Id)
                ?? Refuse(Refusals.NoFunction(submission.User, submission.Function));
        Span<byte> id = stackalloc byte[JobId.Size];
        submission.Id.Write(id);
        statements[InsertJob].Bind(job.Sequence).Bind(id).Bind(binding.VersionId).Bind(generation)
            .Bind(submission.SubmittedAtMs).Bind(submission.DueAtMs).Bind(submission.ExpiresAtMs)
            .Bind(submission.RedriveOf?.ToBytes()).Run();
        if (statements.Database.Changes == 0) return AlreadyThere(statements, submission.Id)!.Value;
        if (submission.Arguments.Stored is { } payload && !Claim(statements, payload, job.Sequence))
        {
            statements["DELETE FROM jobs WHERE seq = ?"].Bind(job.Sequence).Run();
            return Refuse(new Error(ErrorCode.BadRequest, "The stored arguments are gone; submit the job again."));
        }
        statements[InsertBody].Bind(job.Sequence).Bind(submission.Arguments.Inline)
            .Bind(submission.Arguments.Stored).Run();
        return new NewJobOutcome(WriteStatus.Stored, job.Sequence, binding, null);
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

    private static bool Claim(Statements statements, Guid payload, long sequence)
    {
        statements[ClaimPayload].Bind(sequence).Bind((Guid?)payload).Run();
        return statements.Database.Changes > 0;
    }

    private WriteStatus End(Statements statements, JobEnd end)
    {
        var (counts, result, usage) = (end.Counts, end.End, end.End.Usage);
        var id = end.Id.ToBytes();
        var statement = statements[EndJob].Bind((long)end.State).Bind((long)result.Outcome)
            .Bind(counts.Ended).Bind(counts.Crashes).Bind(counts.Losses).Bind(end.StartedAtMs).Bind(end.EndedAtMs)
            .Bind(Us(usage.Wall)).Bind(Us(usage.Cpu)).Bind(Us(usage.ColdStart)).Bind((long)result.Kind)
            .Bind(result.Error?.Name).Bind(result.Error?.Message).Bind(result.Error?.Stack).Bind(id.AsSpan());
        if (!statement.Step()) return Compare(statements, id, counts.Ended, end.EndedAtMs);
        var (sequence, version) = (statement.Int64(0), statement.Int64(1));
        var waitedFromMs = Math.Max(statement.Int64(2), statement.Int64(3));
        statement.Run();

        if (!result.Value.IsEmpty || !result.Logs.IsEmpty)
        {
            if (result.Value.Stored is { } value) Claim(statements, value, sequence);
            if (result.Logs.Stored is { } logs) Claim(statements, logs, sequence);
            statements[AddBody].Bind(result.Value.Inline).Bind(result.Value.Stored)
                .Bind(result.Logs.IsEmpty ? null : result.Logs.Inline).Bind(result.Logs.Stored).Bind(sequence).Run();
        }
        if (end.IsBilled)
            Bill(statements, id, version, counts.Ended, usage, waitedFromMs, end.StartedAtMs, end.EndedAtMs);
        return WriteStatus.Stored;
    }

    private WriteStatus Retry(Statements statements, JobRetry retry)
    {
        var id = retry.Id.ToBytes();
        var usage = retry.Usage ?? default;
        var statement = statements[RetryJob].Bind(retry.Counts.Ended).Bind(retry.Counts.Crashes)
            .Bind(retry.Counts.Losses).Bind(retry.DueAtMs).Bind(retry.StartedAtMs)
            .Bind(Us(usage.Wall)).Bind(Us(usage.Cpu)).Bind(Us(usage.ColdStart)).Bind(id.AsSpan())
            .Bind(retry.Counts.Ended);
        if (!statement.Step()) return Compare(statements, id, retry.Counts.Ended, 0);
        var (version, submittedAtMs) = (statement.Int64(1), statement.Int64(2));
        statement.Run();
        if (retry.Usage is not null)
            Bill(statements, id, version, retry.Counts.Ended, usage, submittedAtMs, retry.StartedAtMs, retry.EndedAtMs);
        return WriteStatus.Stored;
    }

    /// <summary>Nothing was changed: either this very end is stored already, or another one was first.</summary>
    private static WriteStatus Compare(Statements statements, byte[] id, int ended, long endedAtMs)
    {
        var statement = statements[FindCounts].Bind(id.AsSpan());
        if (!statement.Step()) return WriteStatus.Ignored;
        var same = statement.Int32(0) == ended && statement.Int64(1) == endedAtMs;
        statement.Reset();
        return same ? WriteStatus.Stored : WriteStatus.Ignored;
    }

    private void Bill(
        Statements statements, byte[] id, long version, int attempt, ResourceUsage usage,
        long waitedFromMs, long startedAtMs, long endedAtMs)
    {
        var binding = bindings.Find(statements, version);
        var queuedUs = Math.Max(0, startedAtMs - waitedFromMs) * 1000;
        statements[InsertBill].Bind(binding.Generation).Bind(id.AsSpan()).Bind(attempt).Bind(binding.FunctionId)
            .Bind(endedAtMs / MsPerDay).Bind(queuedUs).Bind(Us(usage.ColdStart)).Bind(Us(usage.Cpu))
            .Bind(Us(usage.Wall)).Run();
    }

    private static bool Delete(Statements statements, JobId id)
    {
        var statement = statements[HideJob].Bind(id.ToBytes());
        if (!statement.Step()) return false;
        var sequence = statement.Int64(0);
        statement.Run();
        statements[DropBody].Bind(sequence).Run();
        statements[DropPayloads].Bind(sequence).Run();
        return true;
    }

    private static long Us(TimeSpan time) => (long)time.TotalMicroseconds;
}
