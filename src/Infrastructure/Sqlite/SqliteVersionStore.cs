using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The versions of functions in SQLite.</summary>
internal sealed class SqliteVersionStore(SqliteStore store) : IVersionStore
{
    private const string SelectFunction = "SELECT id, version_id FROM functions WHERE generation = ? AND name = ? AND deleted = 0";

    private const string Columns =
        "SELECT v.id, v.number, v.hash, length(s.source), v.created_ms, s.source FROM versions v JOIN sources s ON s.hash = v.hash ";

    private const string Page = Columns + "WHERE v.function_id = ? AND v.number < ? ORDER BY v.number DESC LIMIT ?";

    private const string One = Columns + "WHERE v.function_id = ? AND v.number = ?";

    private const string LengthOf =
        "SELECT length(s.source) FROM versions v JOIN sources s ON s.hash = v.hash WHERE v.id = ?";

    public Task<Result<VersionPage>> ListAsync(
        string user, string function, int before, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var found = Find(lease.Statements, Bindings.ReadOpen(lease.Statements, user), user, function);
        if (!found.IsOk) return Task.FromResult<Result<VersionPage>>(found.Error);
        var statement = lease.Statements[Page].Bind(found.Value.Id).Bind(before == 0 ? long.MaxValue : before).Bind(max + 1L);
        var versions = new List<FunctionVersion>();
        while (statement.Step()) versions.Add(Read(statement, found.Value.Current));
        return Task.FromResult<Result<VersionPage>>(new VersionPage([.. versions.Take(max)], versions.Count > max));
    }

    public Task<Result<VersionSource>> FindAsync(string user, string function, int number, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var found = Find(lease.Statements, Bindings.ReadOpen(lease.Statements, user), user, function);
        if (!found.IsOk) return Task.FromResult<Result<VersionSource>>(found.Error);
        var statement = lease.Statements[One].Bind(found.Value.Id).Bind(number);
        if (!statement.Step()) return Task.FromResult<Result<VersionSource>>(StoreErrors.NoVersion(user, function));
        var version = new VersionSource(Read(statement, found.Value.Current), statement.Span(5).ToArray());
        statement.Reset();
        return Task.FromResult<Result<VersionSource>>(version);
    }

    public Task<Result<bool>> RollbackAsync(
        string user, string function, int number, FunctionBounds bounds, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<bool>(
            store, note, statements =>
            {
                var generation = store.Bindings.FindOpen(statements, user);
                var found = Find(statements, generation, user, function);
                if (!found.IsOk) return found.Error;
                var statement = statements[One].Bind(found.Value.Id).Bind(number);
                if (!statement.Step()) return StoreErrors.NoVersion(user, function);
                var (version, bytes) = (statement.Int64(0), statement.Int64(3));
                statement.Reset();
                if (version == found.Value.Current) return new Audited<bool>(false, false);
                var replaced = ReadLength(statements, found.Value.Current);
                var holds = store.Bindings.FindHoldings(statements, generation);
                if (bounds.Refuse(user, holds, replaced, bytes) is { } refusal) return refusal;
                store.Bindings.ForgetFunction(generation, function);
                store.Bindings.AddHoldings(generation, 0, bytes - replaced);
                statements["UPDATE functions SET version_id = ? WHERE id = ?"].Bind(version).Bind(found.Value.Id).Run();
                return new Audited<bool>(true, true);
            },
            cancellation);

    private static Result<(long Id, long Current)> Find(Statements statements, long generation, string user, string function)
    {
        if (generation == 0) return StoreErrors.NoUser(user);
        var statement = statements[SelectFunction].Bind(generation).Bind(function);
        if (!statement.Step()) return StoreErrors.NoFunction(user, function);
        var found = (statement.Int64(0), statement.Int64(1));
        statement.Reset();
        return found;
    }

    private static long ReadLength(Statements statements, long version)
    {
        var statement = statements[LengthOf].Bind(version);
        var length = statement.Step() ? statement.Int64(0) : 0;
        statement.Reset();
        return length;
    }

    private static FunctionVersion Read(Statement row, long current) => new(
        row.Int32(1), new SourceHash(row.Text(2)), row.Int64(3), row.Int64(4), row.Int64(0) == current);
}
