using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Large bodies, stored before the jobs that refer to them. A redriven job refers to the same arguments as the job it
/// repeats, so references are counted, in the transaction that makes or drops one. The bytes stand in a table of their
/// own: a change of the count must not rewrite them.
/// </summary>
internal static class Payloads
{
    /// <summary>
    /// Under pressure a body that nothing has referred to for so long is removed before its hour: what refers to it
    /// comes within seconds, but for as long as the store was away.
    /// </summary>
    private const long PressureMs = 5 * 60_000;

    private const int MaxRemoved = 64;

    /// <summary>
    /// Counts at start the bytes that nothing refers to; from then on the sum is kept in the transactions that change
    /// it.
    /// </summary>
    private const string CountUnreferenced = """
        INSERT INTO meta SELECT 'unreferenced_bytes', coalesce(sum(length(y.bytes)), 0)
            FROM payloads p JOIN payload_bytes y ON y.number = p.number WHERE p.refs = 0
        ON CONFLICT DO UPDATE SET value = excluded.value
        """;

    private const string SelectUnreferenced = "SELECT value FROM meta WHERE key = 'unreferenced_bytes'";

    private const string AddUnreferenced = "UPDATE meta SET value = value + ? WHERE key = 'unreferenced_bytes'";

    private const string DropUnreferenced = """
        UPDATE meta SET value = value - coalesce((SELECT length(bytes) FROM payload_bytes WHERE number = ?), 0)
        WHERE key = 'unreferenced_bytes'
        """;

    private const string Insert = "INSERT INTO payloads(id, stored_ms) VALUES (?, ?) ON CONFLICT(id) DO NOTHING";

    private const string InsertBytes = "INSERT INTO payload_bytes(number, bytes) VALUES (?, ?)";

    private const string AddReference = "UPDATE payloads SET refs = refs + 1 WHERE id = ? RETURNING number, refs";

    private const string DropReference = "UPDATE payloads SET refs = refs - 1 WHERE id = ? RETURNING number, refs";

    private const string SelectOrphans = "SELECT number FROM payloads WHERE refs = 0 AND stored_ms < ? LIMIT ?";

    /// <summary>Makes the sum of what nothing refers to right, whatever release wrote the file last.</summary>
    public static void Count(Statements statements) => statements[CountUnreferenced].Run();

    /// <summary>
    /// Stores a body; false, and nothing is stored, when it would be more than may wait for what refers to it.
    /// </summary>
    public static bool Store(Statements statements, Guid id, byte[] bytes, long nowMs, long maxUnreferenced)
    {
        statements[Insert].Bind((Guid?)id).Bind(nowMs).Run();
        if (statements.Database.Changes == 0) return true;
        var number = statements.Database.LastRowId;
        while (Unreferenced(statements) + bytes.Length > maxUnreferenced)
        {
            if (RemoveOrphans(statements, nowMs - PressureMs, MaxRemoved) > 0) continue;
            statements["DELETE FROM payloads WHERE number = ?"].Bind(number).Run();
            return false;
        }
        statements[InsertBytes].Bind(number).Bind(bytes).Run();
        statements[AddUnreferenced].Bind(bytes.Length).Run();
        return true;
    }

    /// <summary>Refers to a payload; false when it is not there.</summary>
    public static bool Claim(Statements statements, Guid id)
    {
        var statement = statements[AddReference].Bind((Guid?)id);
        if (!statement.Step()) return false;
        var (number, references) = (statement.Int64(0), statement.Int64(1));
        statement.Run();
        if (references == 1) statements[DropUnreferenced].Bind(number).Run();
        return true;
    }

    /// <summary>Drops a reference, and the payload with its last one.</summary>
    public static void Release(Statements statements, byte[] id)
    {
        var statement = statements[DropReference].Bind(id);
        if (!statement.Step()) return;
        var (number, references) = (statement.Int64(0), statement.Int64(1));
        statement.Run();
        if (references == 0) Drop(statements, number);
    }

    /// <summary>Removes payloads that nothing refers to.</summary>
    public static int RemoveOrphans(Statements statements, long storedBeforeMs, int max)
    {
        var orphans = new List<long>();
        var statement = statements[SelectOrphans].Bind(storedBeforeMs).Bind(max);
        while (statement.Step()) orphans.Add(statement.Int64(0));
        foreach (var number in orphans)
        {
            statements[DropUnreferenced].Bind(number).Run();
            Drop(statements, number);
        }
        return orphans.Count;
    }

    private static long Unreferenced(Statements statements)
    {
        var statement = statements[SelectUnreferenced];
        var bytes = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return bytes;
    }

    private static void Drop(Statements statements, long number)
    {
        statements["DELETE FROM payload_bytes WHERE number = ?"].Bind(number).Run();
        statements["DELETE FROM payloads WHERE number = ?"].Bind(number).Run();
    }
}
