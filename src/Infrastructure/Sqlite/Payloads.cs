using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Large bodies, stored before the jobs that refer to them. A redriven job refers to the same arguments as the job it
/// repeats, so references are counted, in the transaction that makes or drops one. The bytes stand in a table of their
/// own: a change of the count must not rewrite them.
/// </summary>
internal static class Payloads
{
    private const string Insert = "INSERT INTO payloads(id, stored_ms) VALUES (?, ?) ON CONFLICT(id) DO NOTHING";

    private const string InsertBytes = "INSERT INTO payload_bytes(number, bytes) VALUES (?, ?)";

    private const string AddReference = "UPDATE payloads SET refs = refs + 1 WHERE id = ?";

    private const string DropReference = "UPDATE payloads SET refs = refs - 1 WHERE id = ? RETURNING number, refs";

    private const string SelectOrphans = "SELECT number FROM payloads WHERE refs = 0 AND stored_ms < ? LIMIT ?";

    public static void Store(Statements statements, Guid id, byte[] bytes, long nowMs)
    {
        statements[Insert].Bind((Guid?)id).Bind(nowMs).Run();
        if (statements.Database.Changes == 0) return;
        statements[InsertBytes].Bind(statements.Database.LastRowId).Bind(bytes).Run();
    }

    /// <summary>Refers to a payload; false when it is not there.</summary>
    public static bool Claim(Statements statements, Guid id)
    {
        statements[AddReference].Bind((Guid?)id).Run();
        return statements.Database.Changes > 0;
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
        foreach (var number in orphans) Drop(statements, number);
        return orphans.Count;
    }

    private static void Drop(Statements statements, long number)
    {
        statements["DELETE FROM payload_bytes WHERE number = ?"].Bind(number).Run();
        statements["DELETE FROM payloads WHERE number = ?"].Bind(number).Run();
    }
}
