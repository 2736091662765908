using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Users and their generations in SQLite.</summary>
internal sealed class SqliteUserStore(SqliteStore store) : IUserStore
{
    private const string Close = "UPDATE users SET closed = 1 WHERE generation = ?";

    private const string Sum = """
        SELECT (SELECT coalesce(sum(wall_us), 0) FROM ledger WHERE generation = ?1)
            + (SELECT coalesce(sum(wall_us), 0) FROM ledger_days WHERE generation = ?1)
        """;

    private const string ClosedWithJobs = """
        SELECT DISTINCT j.generation FROM jobs j JOIN users u ON u.generation = j.generation
        WHERE j.ended_ms = 0 AND u.closed = 1
        """;

    public Task<Result<UserRegistration>> RegisterAsync(string user, long nowMs, CancellationToken cancellation) =>
        store.Writer.DoAsync<UserRegistration>(statements =>
        {
            var closed = store.Bindings.FindOpen(statements, user);
            if (closed != 0) statements[Close].Bind(closed).Run();
            store.Bindings.ForgetUser(user);
            statements["INSERT INTO users(name, opened_ms) VALUES (?, ?)"].Bind(user).Bind(nowMs).Run();
            return new UserRegistration(statements.Database.LastRowId, closed);
        });

    public Task<Result<UserRegistration>> CloseAsync(string user, CancellationToken cancellation) =>
        store.Writer.DoAsync<UserRegistration>(statements =>
        {
            var closed = store.Bindings.FindOpen(statements, user);
            if (closed != 0) statements[Close].Bind(closed).Run();
            store.Bindings.ForgetUser(user);
            return new UserRegistration(0, closed);
        });

    public Task<Result<TimeSpan>> SumWallTimeAsync(string user, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        if (generation == 0) return Task.FromResult<Result<TimeSpan>>(Refusals.NoUser(user));
        var statement = lease.Statements[Sum].Bind(generation);
        statement.Step();
        var wall = TimeSpan.FromMicroseconds(statement.Int64(0));
        statement.Reset();
        return Task.FromResult<Result<TimeSpan>>(wall);
    }

    public Task<Result<IReadOnlyList<long>>> ListClosedWithJobsAsync(CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generations = new List<long>();
        var statement = lease.Statements[ClosedWithJobs];
        while (statement.Step()) generations.Add(statement.Int64(0));
        return Task.FromResult(Result<IReadOnlyList<long>>.Ok(generations));
    }
}
