using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Functions, versions and sources in SQLite.</summary>
internal sealed class SqliteFunctionStore(SqliteStore store) : IFunctionStore
{
    private const string SelectCurrent = """
        SELECT f.id, f.deleted, v.number, v.hash FROM functions f JOIN versions v ON v.id = f.version_id
        WHERE f.generation = ? AND f.name = ?
        """;

    private const string SelectSource = """
        SELECT f.name, v.number, s.source FROM functions f JOIN versions v ON v.id = f.version_id
        JOIN sources s ON s.hash = v.hash WHERE f.generation = ? AND f.deleted = 0
        """;

    private const string SelectPage = SelectSource + " AND f.name > ? ORDER BY f.name LIMIT ?";

    private const string SelectLength = "SELECT length(source) FROM sources WHERE hash = ?";

    private const string InsertVersion =
        "INSERT INTO versions(function_id, number, hash, created_ms) VALUES (?, ?, ?, ?)";

    public Task<Result<int>> RegisterAsync(
        string user, string function, byte[] source, long nowMs, FunctionBounds bounds, CancellationToken cancellation)
    {
        var hash = SourceHash.Of(source).Text;
        return store.Writer.DoAsync<int>(statements =>
        {
            var generation = store.Bindings.FindOpen(statements, user);
            if (generation == 0) return StoreErrors.NoUser(user);
            var replaced = ReadLength(statements, generation, function);
            var holds = store.Bindings.FindHoldings(statements, generation);
            if (bounds.Refuse(user, holds, replaced, source.LongLength) is { } refusal) return refusal;
            store.Bindings.ForgetFunction(generation, function);
            store.Bindings.AddHoldings(generation, replaced is null ? 1 : 0, source.LongLength - (replaced ?? 0));
            if (replaced is null) SqliteConfigStore.Forget(statements, generation, function);
            statements["INSERT INTO sources VALUES (?, ?) ON CONFLICT DO NOTHING"].Bind(hash).Bind(source).Run();
            return Register(statements, generation, function, hash, nowMs);
        }, cancellation);
    }

    public Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<bool>(store, note, statements =>
        {
            var generation = store.Bindings.FindOpen(statements, user);
            if (generation == 0) return StoreErrors.NoUser(user);
            var length = ReadLength(statements, generation, function);
            store.Bindings.ForgetFunction(generation, function);
            statements["UPDATE functions SET deleted = 1 WHERE generation = ? AND name = ? AND deleted = 0"]
                .Bind(generation).Bind(function).Run();
            var existed = statements.Database.Changes > 0;
            SqliteConfigStore.Forget(statements, generation, function);
            SqliteScheduleStore.Forget(statements, generation, function);
            if (existed) store.Bindings.AddHoldings(generation, -1, -(length ?? 0));
            return new Audited<bool>(existed, existed);
        }, cancellation);

    public Task<Result<FunctionSource>> FindAsync(string user, string function, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        if (generation == 0) return Task.FromResult<Result<FunctionSource>>(StoreErrors.NoUser(user));
        var statement = lease.Statements[SelectSource + " AND f.name = ?"].Bind(generation).Bind(function);
        if (!statement.Step()) return Task.FromResult<Result<FunctionSource>>(StoreErrors.NoFunction(user, function));
        var found = Read(statement);
        statement.Reset();
        return Task.FromResult<Result<FunctionSource>>(found);
    }

    public Task<Result<FunctionPage>> ListAsync(
        string user, string after, int maxRows, int maxBytes, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        if (generation == 0) return Task.FromResult<Result<FunctionPage>>(StoreErrors.NoUser(user));
        var functions = new List<FunctionSource>();
        var statement = lease.Statements[SelectPage].Bind(generation).Bind(after).Bind(maxRows + 1L);
        var (more, bytes) = (false, 0L);
        while (!more && statement.Step())
        {
            bytes += statement.Span(2).Length;
            more = functions.Count == maxRows || (functions.Count > 0 && bytes > maxBytes);
            if (!more) functions.Add(Read(statement));
        }
        statement.Reset();
        return Task.FromResult<Result<FunctionPage>>(new FunctionPage(generation, functions, more));
    }

    public Task<Result<byte[]>> ReadSourceAsync(SourceHash hash, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var statement = lease.Statements["SELECT source FROM sources WHERE hash = ?"].Bind(hash.Text);
        if (!statement.Step())
            return Task.FromResult(Result<byte[]>.Fail(ErrorCode.VersionNotFound, $"There is no source {hash.Text}."));
        var source = statement.Span(0).ToArray();
        statement.Reset();
        return Task.FromResult<Result<byte[]>>(source);
    }

    /// <summary>Bytes of a function's current source, by the writer; null when there is no such function.</summary>
    private long? ReadLength(Statements statements, long generation, string function)
    {
        if (store.Bindings.FindCurrent(statements, generation, function) is not { } current) return null;
        var statement = statements[SelectLength].Bind(current.Hash.Text);
        var length = statement.Step() ? statement.Int64(0) : 0;
        statement.Settle();
        return length;
    }

    private static int Register(Statements statements, long generation, string function, string hash, long nowMs)
    {
        var current = statements[SelectCurrent].Bind(generation).Bind(function);
        if (!current.Step())
        {
            statements["INSERT INTO functions(generation, name, version_id) VALUES (?, ?, 0)"]
                .Bind(generation).Bind(function).Run();
            AddVersion(statements, statements.Database.LastRowId, 1, hash, nowMs);
            return 1;
        }
        var (id, deleted, number) = (current.Int64(0), current.Int32(1) != 0, current.Int32(2));
        var same = current.Text(3) == hash;
        current.Reset();
        if (same)
        {
            if (deleted) statements["UPDATE functions SET deleted = 0 WHERE id = ?"].Bind(id).Run();
            return number;
        }
        // The current version need not be the newest one, once there is a way back to older ones.
        var newest = statements["SELECT max(number) FROM versions WHERE function_id = ?"].Bind(id);
        newest.Step();
        var next = newest.Int32(0) + 1;
        newest.Reset();
        AddVersion(statements, id, next, hash, nowMs);
        return next;
    }

    private static void AddVersion(Statements statements, long function, int number, string hash, long nowMs)
    {
        statements[InsertVersion].Bind(function).Bind(number).Bind(hash).Bind(nowMs).Run();
        statements["UPDATE functions SET version_id = ?, deleted = 0 WHERE id = ?"]
            .Bind(statements.Database.LastRowId).Bind(function).Run();
    }

    private static FunctionSource Read(Statement row) => new(row.Text(0), row.Int32(1), row.Span(2).ToArray());
}
