using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// Lists of jobs in SQLite. Each is read backwards from an index that has nothing but what one owner or one function has, and
/// whatever else is asked for is looked for among the rows that it gives.
/// </summary>
internal sealed class SqliteJobLists(SqliteStore store, TimeProvider time) : IJobLists
{
    private const string Columns = JobReads.Columns + "NULL, NULL, j.id, j.hidden FROM jobs j ";

    private const string WithLogs = JobReads.Columns + "NULL, " + Bodies.Logs + ", j.id, j.hidden FROM jobs j ";

    private const string JoinBodies = " CROSS JOIN bodies b ON b.seq = j.seq ";

    private const string Newest = " AND j.seq < ? ORDER BY j.seq DESC";

    /// <summary>Every list, by what decides which index it is read from.</summary>
    internal const string
        All = Columns + "INDEXED BY jobs_of_owner WHERE j.generation = ?" + Newest,
        OfFunction = Columns + "INDEXED BY jobs_of_function WHERE j.function_id = ?" + Newest,
        Unfinished = Columns + "INDEXED BY jobs_waiting WHERE j.generation = ? AND j.ended_ms = 0" + Newest,
        Unsuccessful = Columns + "INDEXED BY jobs_unsuccessful WHERE j.generation = ? AND j.state = ? AND j.state > 3" + Newest,
        ById = Columns + "WHERE j.id = ?",
        LogsOfAll = WithLogs + "INDEXED BY jobs_of_owner" + JoinBodies + "WHERE j.generation = ?" + Newest,
        LogsOfFunction = WithLogs + "INDEXED BY jobs_of_function" + JoinBodies + "WHERE j.function_id = ?" + Newest,
        LogsById = WithLogs + JoinBodies + "WHERE j.id = ?";

    private const string SelectFunction = "SELECT id FROM functions WHERE generation = ? AND name = ?";

    private const string SelectLast = "SELECT coalesce(max(seq), 0) FROM jobs";

    private const string SelectTime = "SELECT submitted_ms FROM jobs WHERE seq >= ? ORDER BY seq LIMIT 1";

    public Task<Result<JobPage>> ListAsync(JobQuery query, CancellationToken cancellation) =>
        ReadAsync<JobPage>(query, async (statements, wanted) =>
        {
            if (query.Ids is { } ids) return new JobPage(ReadByIds(statements, wanted, ids), 0);
            var row = await BeginAsync(statements, Select(statements, wanted), query).ConfigureAwait(false);
            var page = new List<JobRecord>();
            var next = Walk(row, wanted, () => page.Count < query.Max, () =>
            {
                if (Read(statements, row, wanted) is { } record) page.Add(record);
            });
            return new JobPage(page, next);
        }, cancellation);

    public Task<Result<LoggedJobs>> ReadLogsAsync(JobQuery query, int maxBytes, CancellationToken cancellation) =>
        ReadAsync<LoggedJobs>(query, async (statements, wanted) =>
        {
            var (page, bytes) = (new List<LoggedJob>(), 0);
            void Add(Statement row)
            {
                if (row.IsNull(20) || row.Int64(10) == 0 || Read(statements, row, wanted) is not { } record) return;
                page.Add(new LoggedJob(record with { Error = null, Logs = null }, record.Logs!));
                bytes += record.Logs!.Length;
            }
            if (query.Ids is { } ids)
            {
                foreach (var id in ids)
                {
                    var found = statements[LogsById].Bind(id.ToBytes());
                    if (found.Step()) Add(found);
                    found.Settle();
                }
                return new LoggedJobs(page, 0);
            }
            var select = wanted.Function != 0
                ? statements[LogsOfFunction].Bind(wanted.Function)
                : statements[LogsOfAll].Bind(wanted.Generation);
            var rows = await BeginAsync(statements, select, query).ConfigureAwait(false);
            var next = Walk(rows, wanted, () => page.Count < query.Max && bytes < maxBytes, () => Add(rows));
            return new LoggedJobs(page, next);
        }, cancellation);

    /// <summary>On a thread of its own: it looks at thousands of rows, and the caller's may be the queue's.</summary>
    private Task<Result<T>> ReadAsync<T>(
        JobQuery query, Func<Statements, Wanted, Task<Result<T>>> read, CancellationToken cancellation) => Task.Run(
        async () =>
        {
            using var lease = store.Readers.Borrow();
            var statements = lease.Statements;
            var generation = Bindings.ReadOpen(statements, query.User);
            if (generation == 0) return StoreErrors.NoUser(query.User);
            var function = query.Function is null ? 0 : Number(statements, SelectFunction, generation, query.Function);
            if (function == 0 && query.Function is not null) return StoreErrors.NoFunction(query.User, query.Function);
            return await read(statements, new Wanted(query, generation, function, time.GetUtcNow().ToUnixTimeMilliseconds()))
                .ConfigureAwait(false);
        },
        cancellation);

    private static async Task<Statement> BeginAsync(Statements statements, Statement select, JobQuery query)
    {
        var before = query.Before == 0 ? long.MaxValue : query.Before;
        if (query.ToMs != 0) before = await BeforeTimeAsync(statements, query.ToMs, before).ConfigureAwait(false);
        return select.Bind(before);
    }

    private static Statement Select(Statements statements, Wanted wanted)
    {
        var query = wanted.Query;
        if (query.Unfinished || query.State is JobState.Delayed or JobState.Queued)
            return statements[Unfinished].Bind(wanted.Generation);
        if (query.State is > JobState.Succeeded)
            return statements[Unsuccessful].Bind(wanted.Generation).Bind((long)query.State);
        return wanted.Function != 0
            ? statements[OfFunction].Bind(wanted.Function)
            : statements[All].Bind(wanted.Generation);
    }

    /// <summary>Passes over rows for as long as there is room, and no more than may be looked at; gives where the next page begins.</summary>
    private static long Walk(Statement row, Wanted wanted, Func<bool> hasRoom, Action look)
    {
        long next = 0;
        for (var looked = 0; row.Step(); looked++)
        {
            if (!hasRoom() || looked == JobLists.LookMax)
            {
                row.Reset();
                return next;
            }
            next = row.Int64(0);
            // So far behind that nothing older can have come in time.
            if (row.Int64(7) < wanted.Query.FromMs - JobLists.ClockSlackMs)
            {
                row.Reset();
                return 0;
            }
            look();
        }
        return 0;
    }

    private List<JobRecord> ReadByIds(Statements statements, Wanted wanted, IReadOnlyList<JobId> ids)
    {
        var found = new List<JobRecord>();
        foreach (var id in ids)
        {
            var row = statements[ById].Bind(id.ToBytes());
            if (!row.Step()) continue;
            if (Read(statements, row, wanted) is { } record && record.Binding.Generation == wanted.Generation) found.Add(record);
            row.Reset();
        }
        found.Sort((one, other) => other.Sequence.CompareTo(one.Sequence));
        return found;
    }

    /// <summary>The row's job; null when it is not wanted.</summary>
    private JobRecord? Read(Statements statements, Statement row, Wanted wanted)
    {
        if (row.Int64(22) != 0) return null;
        var binding = store.Bindings.Find(statements, row.Int64(1));
        if (wanted.Function != 0 && binding.FunctionId != wanted.Function) return null;
        var record = JobReads.Read(row, binding, JobId.Read(row.Span(21)), withResult: true, wanted.NowMs);
        return wanted.Fits(record) ? record with { Value = null } : null;
    }

    private static async Task<long> BeforeTimeAsync(Statements statements, long toMs, long before)
    {
        var last = statements[SelectLast];
        var below = last.Step() ? last.Int64(0) + 1 : 1;
        last.Settle();
        return await JobTimes.FindAsync(toMs, Math.Min(before, below), sequence =>
        {
            var row = statements[SelectTime].Bind(sequence);
            var submitted = row.Step() ? row.Int64(0) : (long?)null;
            row.Settle();
            return ValueTask.FromResult(submitted);
        }).ConfigureAwait(false);
    }

    private static long Number(Statements statements, string sql, long generation, string name)
    {
        var statement = statements[sql].Bind(generation).Bind(name);
        var number = statement.Step() ? statement.Int64(0) : 0;
        statement.Settle();
        return number;
    }

    private readonly record struct Wanted(JobQuery Query, long Generation, long Function, long NowMs)
    {
        public bool Fits(JobRecord job) =>
            (Query.State is null || job.State == Query.State)
            && (!Query.Unfinished || !job.State.IsTerminal())
            && job.SubmittedAtMs >= Query.FromMs
            && (Query.ToMs == 0 || job.SubmittedAtMs < Query.ToMs);
    }
}
