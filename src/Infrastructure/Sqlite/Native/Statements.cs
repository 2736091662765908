namespace FaaS.Infrastructure.Sqlite.Native;

/// <summary>A connection's compiled statements. Used by one thread at a time.</summary>
internal sealed class Statements(Database database) : IDisposable
{
    // By reference: every text is a constant, so interned, and hashing it for each row would cost as much as a lookup.
    private readonly Dictionary<string, Statement> _compiled = new(ReferenceEqualityComparer.Instance);

    public Database Database { get; } = database;

    /// <summary>The statement of a constant text, ready to be bound.</summary>
    public Statement this[string sql]
    {
        get
        {
            if (_compiled.TryGetValue(sql, out var statement))
            {
                statement.Settle();
                return statement;
            }
            statement = Database.Prepare(sql);
            _compiled.Add(sql, statement);
            return statement;
        }
    }

    /// <summary>Ends whatever is still under way, so that no snapshot is held.</summary>
    public void Settle()
    {
        foreach (var statement in _compiled.Values) statement.Settle();
    }

    public void Dispose()
    {
        foreach (var statement in _compiled.Values) statement.Dispose();
        Database.Dispose();
    }
}
