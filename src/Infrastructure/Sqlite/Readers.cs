using System.Collections.Concurrent;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Connections that read, each with its statements compiled. One is borrowed for one read and never across a wait, so
/// no snapshot outlives a read and the log can always be merged.
/// </summary>
internal sealed class Readers(string file) : IDisposable
{
    private const int MaxIdle = 16;

    private readonly ConcurrentBag<Statements> _idle = [];

    public Lease Borrow() => new(this, _idle.TryTake(out var reader) ? reader : Open());

    public void Dispose()
    {
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }

    private Statements Open()
    {
        var database = Database.Open(file, readOnly: true);
        database.Execute("PRAGMA cache_size = -4000; PRAGMA query_only = 1");
        return new Statements(database);
    }

    private void Return(Statements reader)
    {
        reader.Settle();
        if (_idle.Count < MaxIdle)
        {
            _idle.Add(reader);
            return;
        }
        reader.Dispose();
    }

    public readonly struct Lease(Readers readers, Statements statements) : IDisposable
    {
        public Statements Statements { get; } = statements;

        public void Dispose() => readers.Return(Statements);
    }
}
