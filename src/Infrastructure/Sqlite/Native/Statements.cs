namespace FaaS.Infrastructure.Sqlite.Native;

/// <summary>A connection's compiled statements, by their text. Used by one thread at a time.</summary>
internal sealed class Statements(Database database) : IDisposable
{
    private readonly Dictionary<string, Statement> _compiled = [];

    public Database Database { get; } = database;

    public Statement this[string sql]
    {
        get
        {
            if (_compiled.TryGetValue(sql, out var statement)) return statement;
            statement = Database.Prepare(sql);
            _compiled.Add(sql, statement);
            return statement;
        }
    }

    public void Dispose()
    {
        foreach (var statement in _compiled.Values) statement.Dispose();
        Database.Dispose();
    }
}
