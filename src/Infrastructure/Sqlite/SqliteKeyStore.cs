using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The keys of open generations in SQLite.</summary>
internal sealed class SqliteKeyStore(SqliteStore store) : IKeyStore
{
    /// <summary>Takes all keys of a generation away.</summary>
    public const string DeleteAll = "DELETE FROM keys WHERE generation = ?";

    private const string Columns = """
        SELECT u.name, k.id, k.hash, k.name, k.scopes, k.function, k.expires_ms, k.created_ms, k.used_ms, k.generation
        FROM keys k JOIN users u ON u.generation = k.generation AND u.closed = 0
        """;

    private const string ById = Columns + " WHERE k.id = ?";

    private const string ByOwner = Columns + " WHERE k.generation = ? ORDER BY k.number";

    private const string Add = """
        INSERT INTO keys(id, generation, hash, name, scopes, function, created_ms, expires_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """;

    private const string Count = "SELECT count(*) FROM keys WHERE generation = ?";

    private const string Delete = "DELETE FROM keys WHERE id = ? AND generation = ?";

    private const string Use = "UPDATE keys SET used_ms = ?1 WHERE id = ?2 AND used_ms < ?1";

    public Task<Result<KeyRecord>> AddAsync(
        string user, NewKey key, int max, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<KeyRecord>(
            store, note, statements =>
            {
                var generation = store.Bindings.FindOpen(statements, user);
                if (generation == 0) return StoreErrors.NoUser(user);
                if (Read(statements[ById].Bind(key.Id)).SingleOrDefault() is { } known)
                    return known.User == user && known.Key.Hash.AsSpan().SequenceEqual(key.Hash)
                        ? new Audited<KeyRecord>(known, false)
                        : StoreErrors.KeyTaken();
                if (Number(statements[Count].Bind(generation)) >= max) return StoreErrors.TooManyKeys(user, max);
                Insert(statements, generation, key, note.AtMs);
                return new Audited<KeyRecord>(new KeyRecord(user, generation, key, note.AtMs, 0), true);
            },
            cancellation);

    public Task<Result<KeyRecord>> FindAsync(string id, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult<Result<KeyRecord>>(
            Read(lease.Statements[ById].Bind(id)).SingleOrDefault() is { } key ? key : StoreErrors.NoKey(id));
    }

    public Task<Result<IReadOnlyList<KeyRecord>>> ListAsync(string user, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        return Task.FromResult(generation == 0
            ? StoreErrors.NoUser(user)
            : Result<IReadOnlyList<KeyRecord>>.Ok(Read(lease.Statements[ByOwner].Bind(generation))));
    }

    public Task<Result<bool>> RevokeAsync(string user, string id, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<bool>(
            store, note, statements =>
            {
                var generation = store.Bindings.FindOpen(statements, user);
                if (generation == 0) return StoreErrors.NoUser(user);
                var known = Read(statements[ById].Bind(id)).SingleOrDefault();
                if (known?.Generation != generation) return new Audited<bool>(false, false);
                statements[Delete].Bind(id).Bind(generation).Run();
                return new Audited<bool>(true, true, AuditTexts.Key(known.Key));
            },
            cancellation);

    public Task<Result<bool>> NoteUsesAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellation) =>
        store.Writer.DoAsync<bool>(
            statements =>
            {
                foreach (var use in uses) statements[Use].Bind(use.AtMs).Bind(use.Id).Run();
                return true;
            },
            cancellation);

    /// <summary>Of whatever generation: the id is taken.</summary>
    public static bool Exists(Statements statements, string id) =>
        Number(statements["SELECT count(*) FROM keys WHERE id = ?"].Bind(id)) > 0;

    /// <summary>By the writer, within its transaction.</summary>
    public static void Insert(Statements statements, long generation, NewKey key, long nowMs) =>
        statements[Add].Bind(key.Id).Bind(generation).Bind(key.Hash).Bind(key.Name).Bind((long)key.Scopes)
            .Bind(key.Function).Bind(nowMs).Bind(key.ExpiresAtMs).Run();

    private static List<KeyRecord> Read(Statement statement)
    {
        var keys = new List<KeyRecord>();
        while (statement.Step())
        {
            var key = new NewKey(
                statement.Text(1), statement.BlobOrNull(2)!, statement.Text(3), (Scopes)statement.Int64(4),
                statement.TextOrNull(5), statement.Int64(6));
            keys.Add(new KeyRecord(statement.Text(0), statement.Int64(9), key, statement.Int64(7), statement.Int64(8)));
        }
        return keys;
    }

    private static long Number(Statement statement)
    {
        statement.Step();
        var number = statement.Int64(0);
        statement.Reset();
        return number;
    }
}
