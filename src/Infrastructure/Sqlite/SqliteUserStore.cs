using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Users and their generations in SQLite.</summary>
internal sealed class SqliteUserStore(SqliteStore store) : IUserStore
{
    private const string Close = "UPDATE users SET closed = 1 WHERE generation = ?";

    private const string Sum = "SELECT coalesce(sum(wall_us), 0) FROM ledger_days WHERE generation = ?";

    private const string Closing = "SELECT generation FROM users WHERE closed = 1";

    private const string WithJobs = "SELECT DISTINCT generation FROM jobs WHERE ended_ms = 0";

    private const string SetDone = "UPDATE users SET closed = 2 WHERE generation = ? AND closed = 1";

    public Task<Result<UserRegistration>> RegisterAsync(
        string user, NewKey? firstKey, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<UserRegistration>(store, note, statements =>
        {
            if (firstKey is not null && SqliteKeyStore.Exists(statements, firstKey.Id)) return StoreErrors.KeyTaken();
            var closed = CloseOpen(statements, user);
            statements["INSERT INTO users(name, opened_ms) VALUES (?, ?)"].Bind(user).Bind(note.AtMs).Run();
            var opened = statements.Database.LastRowId;
            if (firstKey is not null) SqliteKeyStore.Insert(statements, opened, firstKey, note.AtMs);
            return new Audited<UserRegistration>(
                new UserRegistration(opened, closed), true, AuditTexts.Generation(closed), AuditTexts.Generation(opened));
        }, cancellation);

    public Task<Result<UserRegistration>> CloseAsync(string user, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync(store, note, statements =>
        {
            var closed = CloseOpen(statements, user);
            return new Audited<UserRegistration>(
                new UserRegistration(0, closed), closed != 0, AuditTexts.Generation(closed));
        }, cancellation);

    public Task<Result<TimeSpan>> SumWallTimeAsync(string user, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        if (generation == 0) return Task.FromResult<Result<TimeSpan>>(StoreErrors.NoUser(user));
        var statement = lease.Statements[Sum].Bind(generation);
        statement.Step();
        var wall = TimeSpan.FromMicroseconds(statement.Int64(0));
        statement.Reset();
        return Task.FromResult<Result<TimeSpan>>(wall);
    }

    public async Task<Result<IReadOnlyList<long>>> ListClosedWithJobsAsync(CancellationToken cancellation)
    {
        var (open, done) = ReadClosing();
        // A closed generation gets no new jobs, so what was seen without stays without: it is not asked about again.
        if (done.Count > 0)
            await store.Writer.DoAsync<bool>(
                statements =>
                {
                    foreach (var generation in done) statements[SetDone].Bind(generation).Run();
                    return true;
                },
                cancellation).ConfigureAwait(false);
        return Result<IReadOnlyList<long>>.Ok(open);
    }

    /// <summary>Closes the open generation, if there is one; its keys go with it.</summary>
    private long CloseOpen(Statements statements, string user)
    {
        var closed = store.Bindings.FindOpen(statements, user);
        store.Bindings.ForgetUser(user);
        if (closed == 0) return 0;
        statements[Close].Bind(closed).Run();
        statements[SqliteKeyStore.DeleteAll].Bind(closed).Run();
        statements[SqliteConfigStore.DeleteAll].Bind(closed).Run();
        statements[SqliteScheduleStore.DeleteAll].Bind(closed).Run();
        return closed;
    }

    private (List<long> Open, List<long> Done) ReadClosing()
    {
        using var lease = store.Readers.Borrow();
        // In this order: a generation that is closed in the first answer has all its jobs in the second.
        var closing = Numbers(lease.Statements[Closing]);
        if (closing.Count == 0) return (closing, closing);
        var withJobs = Numbers(lease.Statements[WithJobs]).ToHashSet();
        return (closing.FindAll(withJobs.Contains), closing.FindAll(generation => !withJobs.Contains(generation)));
    }

    private static List<long> Numbers(Statement statement)
    {
        var numbers = new List<long>();
        while (statement.Step()) numbers.Add(statement.Int64(0));
        return numbers;
    }
}
