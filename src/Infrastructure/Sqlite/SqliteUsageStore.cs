using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// What is used, summed by readers. What passes over many rows is done on a thread of its own: the caller's may be the
/// queue's.
/// </summary>
internal sealed class SqliteUsageStore(SqliteStore store) : IUsageStore
{
    /// <summary>
    /// Jobs in one step of a count: a few milliseconds, for which the log cannot be merged, and then it can.
    /// </summary>
    private const int CountedJobs = 5_000;

    /// <summary>By the index of days, each of them by itself: a name may have many generations and years of days.</summary>
    private const string TimeOf = """
        WITH RECURSIVE month(day) AS (SELECT ?1 UNION ALL SELECT day + 1 FROM month WHERE day < ?2)
        SELECT coalesce(sum(CASE WHEN d.day = ?3 THEN d.wall_us END), 0), coalesce(sum(d.wall_us), 0)
        FROM users u CROSS JOIN month m CROSS JOIN ledger_days d ON d.day = m.day AND d.generation = u.generation
        WHERE u.name = ?4
        """;

    private const string Times = """
        SELECT u.name, coalesce(sum(CASE WHEN d.day = ?3 THEN d.wall_us END), 0), sum(d.wall_us)
        FROM ledger_days d CROSS JOIN users u ON u.generation = d.generation
        WHERE d.day BETWEEN ?1 AND ?2 GROUP BY u.name
        """;

    private const string Names = "SELECT generation, name FROM users";

    /// <summary>
    /// The lengths of what is inline are in the rows' heads; only bodies of their own are looked up.
    /// </summary>
    private const string Stored = """
        SELECT j.seq, j.generation, coalesce(length(b.arguments), 0) + coalesce(length(b.value), 0)
            + coalesce(length(b.logs), 0), b.arguments_payload, b.value_payload, b.logs_payload
        FROM bodies b CROSS JOIN jobs j ON j.seq = b.seq WHERE b.seq > ? ORDER BY b.seq LIMIT ?
        """;

    private const string PayloadLength = """
        SELECT length(y.bytes) FROM payloads p JOIN payload_bytes y ON y.number = p.number WHERE p.id = ?
        """;

    private const string Functions = """
        SELECT count(*), coalesce(sum(length(s.source)), 0) FROM functions f JOIN versions v ON v.id = f.version_id
        JOIN sources s ON s.hash = v.hash WHERE f.generation = ? AND f.deleted = 0
        """;

    public Task<Result<ExecutedTime>> SumTimeAsync(string user, long day, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var (first, last) = Days.Month(day);
        var statement = lease.Statements[TimeOf].Bind(first).Bind(last).Bind(day).Bind(user);
        statement.Step();
        var time = new ExecutedTime(statement.Int64(0), statement.Int64(1));
        statement.Reset();
        return Task.FromResult<Result<ExecutedTime>>(time);
    }

    public Task<Result<IReadOnlyDictionary<string, ExecutedTime>>> SumTimesAsync(
        long day, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var lease = store.Readers.Borrow();
            var (first, last) = Days.Month(day);
            var statement = lease.Statements[Times].Bind(first).Bind(last).Bind(day);
            var times = new Dictionary<string, ExecutedTime>();
            while (statement.Step())
                times.Add(statement.Text(0), new ExecutedTime(statement.Int64(1), statement.Int64(2)));
            return Result<IReadOnlyDictionary<string, ExecutedTime>>.Ok(times);
        },
        cancellation);

    public Task<Result<IReadOnlyDictionary<string, long>>> SumStoredBytesAsync(CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                var byGeneration = new Dictionary<long, long>();
                for (long sequence = 0; sequence >= 0;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    sequence = Count(sequence, byGeneration);
                }
                return Result<IReadOnlyDictionary<string, long>>.Ok(ByName(byGeneration));
            },
            cancellation);

    public Task<Result<FunctionHoldings>> SumFunctionsAsync(string user, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var generation = Bindings.ReadOpen(lease.Statements, user);
        return Task.FromResult(generation == 0
            ? StoreErrors.NoUser(user)
            : Result<FunctionHoldings>.Ok(ReadHoldings(lease.Statements, generation)));
    }

    /// <summary>On a thread of its own: it may be years of days.</summary>
    public Task<Result<UsagePage>> ListAsync(UsageQuery query, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var lease = store.Readers.Borrow();
            var generation = Bindings.ReadOpen(lease.Statements, query.User);
            if (generation == 0) return (Result<UsagePage>)StoreErrors.NoUser(query.User);
            var statement = lease.Statements[SumsBy(query)].Bind(generation).Bind(query.FirstDay).Bind(query.LastDay)
                .Bind(query.After?.Day ?? -1).Bind(query.After?.Function ?? "").Bind(UsageQuery.PageMax + 1);
            var sums = new List<UsageSum>();
            while (statement.Step()) sums.Add(Read(statement));
            return new UsagePage(generation, [.. sums.Take(UsageQuery.PageMax)], sums.Count > UsageQuery.PageMax);
        },
        cancellation);

    /// <summary>What is not a key of its own is the same for all.</summary>
    private static string SumsBy(UsageQuery query)
    {
        var (day, function) = (query.ByDay ? "d.day" : "0", query.ByFunction ? "f.name" : "''");
        return $"""
            SELECT {day}, {function}, sum(d.invocations), sum(d.queued_us), sum(d.cold_us), sum(d.cpu_us), sum(d.wall_us)
            FROM ledger_days d JOIN functions f ON f.id = d.function_id
            WHERE d.generation = ? AND d.day BETWEEN ? AND ? AND ({day}, {function}) > (?, ?) GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ?
            """;
    }

    private static UsageSum Read(Statement row) => new(
        new UsageKey(row.Int64(0), row.Text(1)), row.Int64(2), TimeSpan.FromMicroseconds(row.Int64(3)),
        TimeSpan.FromMicroseconds(row.Int64(4)), TimeSpan.FromMicroseconds(row.Int64(5)), TimeSpan.FromMicroseconds(row.Int64(6)));

    /// <summary>What a generation has.</summary>
    public static FunctionHoldings ReadHoldings(Statements statements, long generation)
    {
        var statement = statements[Functions].Bind(generation);
        statement.Step();
        var holdings = new FunctionHoldings(statement.Int32(0), statement.Int64(1));
        statement.Reset();
        return holdings;
    }

    /// <summary>Counts some jobs; gives the last one's sequence number, or -1 when there were no more.</summary>
    private long Count(long after, Dictionary<long, long> byGeneration)
    {
        using var lease = store.Readers.Borrow();
        var statement = lease.Statements[Stored].Bind(after).Bind(CountedJobs);
        var (last, rows) = (after, 0);
        for (; statement.Step(); rows++)
        {
            last = statement.Int64(0);
            var bytes = statement.Int64(2);
            for (var column = 3; column <= 5; column++)
                if (statement.BlobOrNull(column) is { } payload) bytes += LengthOf(lease.Statements, payload);
            var generation = statement.Int64(1);
            byGeneration[generation] = byGeneration.GetValueOrDefault(generation) + bytes;
        }
        return rows < CountedJobs ? -1 : last;
    }

    private static long LengthOf(Statements statements, byte[] payload)
    {
        var statement = statements[PayloadLength].Bind(payload);
        if (!statement.Step()) return 0;
        var length = statement.Int64(0);
        statement.Reset();
        return length;
    }

    private Dictionary<string, long> ByName(Dictionary<long, long> byGeneration)
    {
        using var lease = store.Readers.Borrow();
        var bytes = new Dictionary<string, long>();
        var statement = lease.Statements[Names];
        while (statement.Step())
        {
            if (!byGeneration.TryGetValue(statement.Int64(0), out var more) || more == 0) continue;
            var name = statement.Text(1);
            bytes[name] = bytes.GetValueOrDefault(name) + more;
        }
        return bytes;
    }
}
