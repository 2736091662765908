using FaaS.Application.Db;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Removing what is past its time. The ledger rows of a removed job go with it: the day's sum has had them since they
/// were written, so a user's execution time never changes by it.
/// </summary>
internal static class Retention
{
    private const int MaxRows = 500;

    private const string IsNotKept = " AND (idempotency_key IS NULL OR ended_ms < ?) LIMIT ?";

    private const string SelectOld =
        "SELECT seq, id, generation FROM jobs WHERE ended_ms > 0 AND ended_ms < ?" + IsNotKept;

    private const string SelectHidden =
        "SELECT seq, id, generation FROM jobs WHERE hidden = 1 AND ended_ms < ?" + IsNotKept;

    /// <summary>Sequence numbers must go on above every number that was ever stored, removed ones included.</summary>
    private const string KeepSequence =
        "UPDATE meta SET value = max(value, coalesce((SELECT max(seq) FROM jobs), 0)) WHERE key = 'last_sequence'";

    public static RetentionSweep Sweep(Statements statements, long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs)
    {
        var jobs = Collect(statements, SelectOld, endedBeforeMs, keyedBeforeMs);
        // A deleted job's row goes as late as an orphan: until then its id must not run again if it is submitted late.
        if (jobs.Count == 0) jobs = Collect(statements, SelectHidden, Math.Max(endedBeforeMs, orphanedBeforeMs), keyedBeforeMs);
        if (jobs.Count > 0) statements[KeepSequence].Run();
        foreach (var (sequence, id, generation) in jobs)
        {
            statements["DELETE FROM ledger WHERE generation = ? AND job = ?"].Bind(generation).Bind(id).Run();
            Bodies.Drop(statements, sequence);
            statements["DELETE FROM jobs WHERE seq = ?"].Bind(sequence).Run();
        }
        var payloads = Payloads.RemoveOrphans(statements, orphanedBeforeMs, MaxRows - jobs.Count);
        return new RetentionSweep(jobs.Count, payloads);
    }

    private static List<(long Sequence, byte[] Id, long Generation)> Collect(
        Statements statements, string sql, long beforeMs, long keyedBeforeMs)
    {
        var rows = new List<(long, byte[], long)>();
        var statement = statements[sql].Bind(beforeMs).Bind(keyedBeforeMs).Bind(MaxRows);
        while (statement.Step()) rows.Add((statement.Int64(0), statement.Span(1).ToArray(), statement.Int64(2)));
        return rows;
    }
}
