using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>What is configured for functions in SQLite: a row a function, kept when it is erased, for its revision.</summary>
internal sealed class SqliteConfigStore(SqliteStore store) : IConfigStore
{
    /// <summary>Takes away all that was configured for a generation's functions.</summary>
    public const string DeleteAll = "DELETE FROM configs WHERE generation = ?";

    private const string Erase = """
        UPDATE configs SET revision = revision + 1, config = '{}'
        WHERE function_id = (SELECT id FROM functions WHERE generation = ? AND name = ?) AND config <> '{}'
        """;

    private const string Columns =
        "SELECT f.generation, f.id, u.name, f.name, coalesce(c.revision, 0), coalesce(c.config, '{}') ";

    private const string Functions =
        Columns + "FROM functions f JOIN users u ON u.generation = f.generation LEFT JOIN configs c ON c.function_id = f.id ";

    private const string ByName = Functions + "WHERE f.generation = ? AND f.name = ? AND f.deleted = 0";

    private const string ByJob = Functions
        + "WHERE f.id = (SELECT v.function_id FROM jobs j JOIN versions v ON v.id = j.version_id WHERE j.id = ? AND j.hidden = 0)";

    private const string Page = Columns
        + "FROM configs c JOIN functions f ON f.id = c.function_id JOIN users u ON u.generation = f.generation "
        + "WHERE c.function_id > ? ORDER BY c.function_id LIMIT ?";

    private const string Replace =
        "INSERT OR REPLACE INTO configs(function_id, generation, revision, config) VALUES (?, ?, ?, ?)";

    private const string Reseal = "UPDATE configs SET config = ? WHERE function_id = ? AND revision = ?";

    private const string SelectPolicy = "SELECT revision, config FROM configs WHERE function_id = ?";

    public Task<Result<FunctionConfig>> ChangeAsync(
        string user, string function, Func<FunctionConfig, Audited<FunctionConfig>> change, AuditNote note,
        CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync(
            store, note, statements =>
            {
                var found = Find(statements, store.Bindings.FindOpen(statements, user), user, function);
                if (!found.IsOk) return found.Error;
                var end = change(found.Value);
                if (!end.Result.IsOk || !end.Changed) return end;
                var next = end.Result.Value;
                store.Bindings.ForgetFunction(next.Of.Generation, function);
                statements[Replace].Bind(next.Of.FunctionId).Bind(next.Of.Generation).Bind(next.Revision)
                    .Bind(next.ToText()).Run();
                return end;
            },
            cancellation);

    public Task<Result<FunctionConfig>> FindAsync(string user, string function, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult(Find(lease.Statements, Bindings.ReadOpen(lease.Statements, user), user, function));
    }

    public Task<Result<FunctionConfig>> FindOfJobAsync(JobId job, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult<Result<FunctionConfig>>(
            Read(lease.Statements[ByJob].Bind(job.ToBytes())) is [var found] ? found : StoreErrors.NoJob(job));
    }

    public Task<Result<IReadOnlyList<FunctionConfig>>> ListAsync(long after, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult(
            Result<IReadOnlyList<FunctionConfig>>.Ok(Read(lease.Statements[Page].Bind(after).Bind(max))));
    }

    public Task<Result<bool>> ResealAsync(FunctionConfig config, CancellationToken cancellation) =>
        store.Writer.DoAsync<bool>(
            statements =>
            {
                statements[Reseal].Bind(config.ToText()).Bind(config.Of.FunctionId).Bind(config.Revision).Run();
                return statements.Database.Changes > 0;
            },
            cancellation);

    /// <summary>By the writer: a function is deleted, or comes back under a name that was deleted.</summary>
    public static void Forget(Statements statements, long generation, string function) =>
        statements[Erase].Bind(generation).Bind(function).Run();

    /// <summary>The policy of a function as it is stored, by any thread; null while nothing is configured.</summary>
    public static FunctionPolicy? ReadPolicy(Statements statements, long function, FunctionLimits defaults)
    {
        var statement = statements[SelectPolicy].Bind(function);
        var policy = statement.Step() ? FunctionConfig.PolicyOf(statement.Int64(0), statement.Text(1), defaults) : null;
        statement.Settle();
        return policy;
    }

    private static Result<FunctionConfig> Find(Statements statements, long generation, string user, string function)
    {
        if (generation == 0) return StoreErrors.NoUser(user);
        return Read(statements[ByName].Bind(generation).Bind(function)) is [var found]
            ? found
            : StoreErrors.NoFunction(user, function);
    }

    private static List<FunctionConfig> Read(Statement row)
    {
        var rows = new List<FunctionConfig>();
        while (row.Step())
        {
            var of = new ConfiguredFunction(row.Int64(0), row.Int64(1), row.Text(2), row.Text(3));
            rows.Add(FunctionConfig.Parse(of, row.Int64(4), row.Text(5)));
        }
        return rows;
    }
}
