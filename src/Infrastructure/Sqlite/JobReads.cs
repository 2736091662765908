using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Reading one job's record.</summary>
internal static class JobReads
{
    private const string SelectJob = """
        SELECT seq, version_id, state, outcome, ended_attempts, crashes, losses, submitted_ms, due_ms, started_ms,
            ended_ms, wall_us, cpu_us, cold_us, kind, redrive_of, error_name, error_message, error_stack
        FROM jobs WHERE id = ? AND hidden = 0
        """;

    private const string SelectValue =
        "SELECT coalesce(value, (SELECT bytes FROM payloads WHERE id = value_payload)) FROM bodies WHERE seq = ?";

    private const string SelectLogs =
        "SELECT coalesce(logs, (SELECT bytes FROM payloads WHERE id = logs_payload)) FROM bodies WHERE seq = ?";

    public static JobRecord? Find(Statements statements, Bindings bindings, JobId id, JobParts parts, long nowMs)
    {
        Span<byte> key = stackalloc byte[JobId.Size];
        id.Write(key);
        var row = statements[SelectJob].Bind(key);
        if (!row.Step()) return null;
        var sequence = row.Int64(0);
        var version = row.Int64(1);
        var ended = row.Int64(10) != 0;
        var state = ended ? (JobState)row.Int32(2) : row.Int64(8) > nowMs ? JobState.Delayed : JobState.Queued;
        var record = new JobRecord(
            id, sequence, null!, state, ended ? (Outcome)row.Int32(3) : null,
            new AttemptCounts(row.Int32(4), row.Int32(5), row.Int32(6)),
            row.Int64(7), row.Int64(8), row.Int64(9), row.Int64(10),
            new ResourceUsage(Span(row.Int64(11)), Span(row.Int64(12)), Span(row.Int64(13))),
            (ResultKind)row.Int32(14), null,
            parts.HasFlag(JobParts.Result) && !row.IsNull(16)
                ? new FunctionError(row.Text(16), row.TextOrNull(17) ?? "", row.TextOrNull(18))
                : null,
            null, row.IsNull(15) ? null : JobId.Read(row.Span(15)));
        row.Reset();
        return record with
        {
            Binding = bindings.Find(statements, version),
            Value = ended && parts.HasFlag(JobParts.Result) ? Body(statements, SelectValue, sequence) : null,
            Logs = ended && parts.HasFlag(JobParts.Logs) ? Body(statements, SelectLogs, sequence) : null,
        };
    }

    private static byte[]? Body(Statements statements, string sql, long sequence)
    {
        var statement = statements[sql].Bind(sequence);
        if (!statement.Step()) return null;
        var bytes = statement.BlobOrNull(0);
        statement.Reset();
        return bytes;
    }

    private static TimeSpan Span(long us) => TimeSpan.FromMicroseconds(us);
}
