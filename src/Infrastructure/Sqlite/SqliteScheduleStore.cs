using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Schedules in SQLite: a row a function that has one.</summary>
internal sealed class SqliteScheduleStore(SqliteStore store) : IScheduleStore
{
    /// <summary>Takes away all schedules of a generation's functions.</summary>
    public const string DeleteAll = "DELETE FROM schedules WHERE generation = ?";

    private const string Erase =
        "DELETE FROM schedules WHERE function_id = (SELECT id FROM functions WHERE generation = ? AND name = ?)";

    private const string SelectFunction = "SELECT id FROM functions WHERE generation = ? AND name = ? AND deleted = 0";

    private const string Select =
        "SELECT s.function_id, s.generation, u.name, f.name, s.revision, s.definition, s.next_ms, s.last FROM schedules s "
        + "JOIN functions f ON f.id = s.function_id JOIN users u ON u.generation = s.generation ";

    private const string ById = Select + "WHERE s.function_id = ?";

    private const string Page = Select + "WHERE s.generation = ? AND f.name > ? ORDER BY f.name LIMIT ?";

    private const string Due =
        Select + "WHERE s.next_ms <= ?1 AND (s.next_ms, s.function_id) > (?2, ?3) ORDER BY s.next_ms, s.function_id LIMIT ?4";

    private const string Replace =
        "INSERT OR REPLACE INTO schedules(function_id, generation, revision, definition, next_ms, last) VALUES (?, ?, ?, ?, ?, ?)";

    private const string MoveOn =
        "UPDATE schedules SET next_ms = ?, last = coalesce(?, last) WHERE function_id = ? AND revision = ? AND next_ms = ?";

    public Task<Result<Schedule>> PutAsync(
        string user, string function, ScheduleDefinition definition, long nextAtMs, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<Schedule>(
            store, note, statements =>
            {
                var of = Find(statements, store.Bindings.FindOpen(statements, user), user, function);
                if (!of.IsOk) return of.Error;
                var known = Read(statements[ById].Bind(of.Value.FunctionId)).FirstOrDefault();
                if (known is not null && known.Definition.IsLike(definition)) return new Audited<Schedule>(known, false);
                var next = new Schedule(of.Value, (known?.Revision ?? 0) + 1, definition, nextAtMs, known?.Last);
                statements[Replace].Bind(of.Value.FunctionId).Bind(of.Value.Generation).Bind(next.Revision)
                    .Bind(definition.ToText()).Bind(nextAtMs).Bind(next.Last?.ToText()).Run();
                return new Audited<Schedule>(next, true, known is null ? null : AuditTexts.Schedule(known.Definition));
            },
            cancellation);

    public Task<Result<Schedule?>> FindAsync(string user, string function, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var of = Find(lease.Statements, Bindings.ReadOpen(lease.Statements, user), user, function);
        return Task.FromResult(of.IsOk
            ? Result<Schedule?>.Ok(Read(lease.Statements[ById].Bind(of.Value.FunctionId)).FirstOrDefault())
            : of.Error);
    }

    public Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync<bool>(
            store, note, statements =>
            {
                var of = Find(statements, store.Bindings.FindOpen(statements, user), user, function);
                if (!of.IsOk) return of.Error;
                Forget(statements, of.Value.Generation, function);
                var existed = statements.Database.Changes > 0;
                return new Audited<bool>(existed, existed);
            },
            cancellation);

    public Task<Result<SchedulePage>> ListAsync(string user, string after, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        if (generation == 0) return Task.FromResult<Result<SchedulePage>>(StoreErrors.NoUser(user));
        var found = Read(lease.Statements[Page].Bind(generation).Bind(after).Bind(max + 1));
        return Task.FromResult<Result<SchedulePage>>(new SchedulePage([.. found.Take(max)], found.Count > max));
    }

    public Task<Result<IReadOnlyList<Schedule>>> ListDueAsync(
        long nowMs, long afterMs, long afterFunction, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult(Result<IReadOnlyList<Schedule>>.Ok(
            Read(lease.Statements[Due].Bind(nowMs).Bind(afterMs).Bind(afterFunction).Bind(max))));
    }

    public Task<Result<int>> NoteAsync(IReadOnlyList<NotedRun> runs, CancellationToken cancellation) =>
        store.Writer.DoAsync<int>(
            statements => runs.Sum(run =>
            {
                statements[MoveOn].Bind(run.NextAtMs).Bind(run.Last?.ToText()).Bind(run.FunctionId).Bind(run.Revision)
                    .Bind(run.DueAtMs).Run();
                return statements.Database.Changes;
            }),
            cancellation);

    /// <summary>By the writer: a function is deleted.</summary>
    public static void Forget(Statements statements, long generation, string function) =>
        statements[Erase].Bind(generation).Bind(function).Run();

    private static Result<ConfiguredFunction> Find(Statements statements, long generation, string user, string function)
    {
        if (generation == 0) return StoreErrors.NoUser(user);
        var statement = statements[SelectFunction].Bind(generation).Bind(function);
        if (!statement.Step()) return StoreErrors.NoFunction(user, function);
        var id = statement.Int64(0);
        statement.Reset();
        return new ConfiguredFunction(generation, id, user, function);
    }

    private static List<Schedule> Read(Statement row)
    {
        var rows = new List<Schedule>();
        while (row.Step())
        {
            var of = new ConfiguredFunction(row.Int64(1), row.Int64(0), row.Text(2), row.Text(3));
            rows.Add(new Schedule(
                of, row.Int64(4), ScheduleDefinition.Parse(row.Text(5)), row.Int64(6), ScheduledRun.Parse(row.TextOrNull(7))));
        }
        return rows;
    }
}
