using FaaS.Application.Db;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Reading one job's record, each time in one statement and so in one snapshot: a result that is deleted meanwhile is
/// either all there or the job is not found.
/// </summary>
internal static class JobReads
{
    /// <summary>What <see cref="Read"/> reads, but for the value and the logs, which come after.</summary>
    public const string Columns = """
        SELECT j.seq, j.version_id, j.state, j.outcome, j.ended_attempts, j.crashes, j.losses, j.submitted_ms,
            j.due_ms, j.started_ms, j.ended_ms, j.wall_us, j.cpu_us, j.cold_us, j.kind, j.redrive_of, j.error_name,
            j.error_message, j.error_stack,
        """;

    private const string FromJobs = " FROM jobs j WHERE j.id = ? AND j.hidden = 0";

    private const string FromBoth = " FROM jobs j LEFT JOIN bodies b ON b.seq = j.seq WHERE j.id = ? AND j.hidden = 0";

    private const string SelectNone = Columns + "NULL, NULL" + FromJobs;
    private const string SelectResult = Columns + Bodies.Value + ", NULL" + FromBoth;
    private const string SelectLogs = Columns + "NULL, " + Bodies.Logs + FromBoth;
    private const string SelectBoth = Columns + Bodies.Value + ", " + Bodies.Logs + FromBoth;

    public static JobRecord? Find(Statements statements, Bindings bindings, JobId id, JobParts parts, long nowMs)
    {
        Span<byte> key = stackalloc byte[JobId.Size];
        id.Write(key);
        var row = statements[Select(parts)].Bind(key);
        if (!row.Step()) return null;
        var record = Read(row, bindings.Find(statements, row.Int64(1)), id, parts.HasFlag(JobParts.Result), nowMs);
        row.Reset();
        return record;
    }

    private static string Select(JobParts parts) => (parts & (JobParts.Result | JobParts.Logs)) switch
    {
        JobParts.Result => SelectResult,
        JobParts.Logs => SelectLogs,
        JobParts.None => SelectNone,
        _ => SelectBoth,
    };

    /// <summary>Reads the row that a statement stands on.</summary>
    public static JobRecord Read(Statement row, FunctionBinding binding, JobId id, bool withResult, long nowMs)
    {
        var ended = row.Int64(10) != 0;
        var waiting = row.Int64(8) > nowMs ? JobState.Delayed : JobState.Queued;
        var kind = (ResultKind)row.Int32(14);
        return new JobRecord(
            id, row.Int64(0), binding, ended ? (JobState)row.Int32(2) : waiting,
            ended ? (Outcome)row.Int32(3) : null,
            new AttemptCounts(row.Int32(4), row.Int32(5), row.Int32(6)),
            row.Int64(7), row.Int64(8), row.Int64(9), row.Int64(10),
            new ResourceUsage(Span(row.Int64(11)), Span(row.Int64(12)), Span(row.Int64(13))),
            kind, Value(row, withResult, kind), withResult ? Error(row) : null, row.BlobOrNull(20),
            row.IsNull(15) ? null : JobId.Read(row.Span(15)));
    }

    /// <summary>An empty text is a result too, though nothing was stored for it.</summary>
    private static byte[]? Value(Statement row, bool asked, ResultKind kind) =>
        !asked ? null : row.BlobOrNull(19) ?? (kind == ResultKind.None ? null : []);

    private static FunctionError? Error(Statement row) =>
        row.IsNull(16) ? null : new FunctionError(row.Text(16), row.TextOrNull(17) ?? "", row.TextOrNull(18));

    private static TimeSpan Span(long us) => TimeSpan.FromMicroseconds(us);
}
