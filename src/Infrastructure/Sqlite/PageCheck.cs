using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Whether the pages of a file hold together, read over a connection that cannot write.</summary>
internal static class PageCheck
{
    /// <summary>What the queue and every submission need, read whole: all of it is small, or is read at start anyway.</summary>
    private static readonly string[] Whole =
    [
        "PRAGMA quick_check(meta)", "PRAGMA quick_check(users)", "PRAGMA quick_check(functions)",
        "PRAGMA quick_check(versions)",
        "SELECT 'ok' FROM (SELECT count(*) FROM jobs INDEXED BY jobs_open WHERE ended_ms = 0)",
        "SELECT 'ok' FROM (SELECT count(*) FROM jobs INDEXED BY jobs_hidden WHERE hidden = 1)",
        "SELECT 'ok' FROM (SELECT count(*) FROM payloads INDEXED BY payloads_orphaned WHERE refs = 0)",
    ];

    /// <summary>What grows without bound: the way from the root to the first entry, and to the last.</summary>
    private static readonly (string Read, string Order)[] Edges =
    [
        ("seq FROM jobs NOT INDEXED", "seq"), ("id FROM jobs", "id"),
        ("ended_ms FROM jobs INDEXED BY jobs_ended WHERE ended_ms > 0", "ended_ms"),
        ("seq FROM bodies", "seq"), ("hash FROM sources", "hash"),
        ("number FROM payloads NOT INDEXED", "number"), ("id FROM payloads", "id"),
        ("number FROM payload_bytes", "number"),
        ("job FROM ledger", "generation {0}, job {0}, attempt"),
        ("day FROM ledger_days", "generation {0}, function_id {0}, day"),
    ];

    /// <summary>Reads every page.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? FindDamage(string file, bool hasLog) =>
        Find(file, hasLog, static database => Verdict(database.ReadText("PRAGMA quick_check(1)")));

    /// <summary>Reads what every start needs, whatever the size of the file.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? FindEarlyDamage(string file, bool hasLog) => Find(file, hasLog, static database =>
    {
        foreach (var check in Whole)
            if (Verdict(database.ReadText(check)) is { } damage) return damage;
        foreach (var (read, order) in Edges)
        {
            foreach (var direction in (string[])["ASC", "DESC"])
            {
                var by = order.Replace("{0}", direction, StringComparison.Ordinal);
                _ = database.ReadText($"SELECT {read} ORDER BY {by} {direction} LIMIT 1");
            }
        }
        return null;
    });

    /// <summary>With a log the file alone is not whole; the log is read, not merged.</summary>
    private static string? Find(string file, bool hasLog, Func<Database, string?> check)
    {
        try
        {
            using var database = hasLog ? Database.Open(file, readOnly: true) : Database.OpenImmutable(file);
            return check(database);
        }
        catch (SqliteFailure failure)
        {
            return failure.Message;
        }
    }

    private static string? Verdict(string text) => text == "ok" ? null : text;
}
