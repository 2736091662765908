using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The audit log in SQLite: an action's entry is a row of the action's own transaction.</summary>
internal sealed class SqliteAuditStore(SqliteStore store) : IAuditStore
{
    private const int MaxRows = 500;

    private const string Insert = """
        INSERT INTO audit(origin, at_ms, action, user, entry) VALUES (?, ?, ?, ?, ?) ON CONFLICT(origin) DO NOTHING
        """;

    private const string Filter = " id < ?1 AND at_ms >= ?2 AND at_ms < ?3 ";

    private const string Order = " ORDER BY id DESC LIMIT ?4";

    private const string Select = "SELECT id, entry FROM audit WHERE" + Filter + Order;

    private const string SelectOfUser = "SELECT id, entry FROM audit WHERE user = ?5 AND" + Filter + Order;

    private const string SelectOfAction = "SELECT id, entry FROM audit WHERE action = ?5 AND" + Filter + Order;

    /// <summary>By the index of users: there are many of them, and few actions.</summary>
    private const string SelectOfBoth = "SELECT id, entry FROM audit WHERE user = ?5 AND +action = ?6 AND" + Filter + Order;

    private const string DeleteOld =
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < ? ORDER BY at_ms LIMIT ?)";

    /// <summary>Does something and writes its entry, both or neither.</summary>
    /// <param name="store">The open file.</param>
    /// <param name="note">What is known of it before.</param>
    /// <param name="work">By the writer, within its transaction.</param>
    /// <param name="cancellation">Ends the wait before the transaction begins.</param>
    public static Task<Result<T>> DoAsync<T>(
        SqliteStore store, AuditNote note, Func<Statements, Audited<T>> work, CancellationToken cancellation) =>
        store.Writer.DoAsync(
            statements =>
            {
                var end = work(statements);
                if (note.End(end) is { } record) Add(statements, record);
                return end.Result;
            },
            cancellation);

    public Task<Result<int>> AppendAsync(IReadOnlyList<AuditRecord> records, CancellationToken cancellation) =>
        store.Writer.DoAsync<int>(
            statements => records.Sum(record =>
            {
                Add(statements, record);
                return statements.Database.Changes;
            }),
            cancellation);

    /// <summary>On a thread of its own: what few entries fit is looked for among all, and the caller's may be the queue's.</summary>
    public Task<Result<AuditPage>> ListAsync(AuditQuery query, int maxChars, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var lease = store.Readers.Borrow();
            var statement = Bind(lease.Statements, query);
            var page = new List<AuditEntry>();
            var (more, chars) = (false, 0L);
            while (!more && statement.Step())
            {
                var text = statement.Text(1);
                chars += text.Length;
                more = page.Count == query.Max || (page.Count > 0 && chars > maxChars);
                if (!more) page.Add(new AuditEntry(statement.Int64(0), AuditRecord.Parse(text)));
            }
            statement.Reset();
            return Result<AuditPage>.Ok(new AuditPage(page, more));
        },
        cancellation);

    public Task<Result<int>> SweepAsync(long beforeMs, CancellationToken cancellation) => store.Writer.DoAsync<int>(
        statements =>
        {
            statements[DeleteOld].Bind(beforeMs).Bind(MaxRows).Run();
            return statements.Database.Changes;
        },
        cancellation);

    private static void Add(Statements statements, AuditRecord record) =>
        statements[Insert].Bind((Guid?)record.Note.By.Id).Bind(record.Note.AtMs).Bind(record.Note.Action)
            .Bind(record.Note.User).Bind(record.ToText()).Run();

    private static Statement Bind(Statements statements, AuditQuery query)
    {
        var sql = (query.User, query.Action) switch
        {
            (null, null) => Select,
            (_, null) => SelectOfUser,
            (null, _) => SelectOfAction,
            _ => SelectOfBoth,
        };
        var statement = statements[sql].Bind(query.Before == 0 ? long.MaxValue : query.Before).Bind(query.FromMs)
            .Bind(query.ToMs == 0 ? long.MaxValue : query.ToMs).Bind(query.Max + 1L);
        if (query.User is not null) statement.Bind(query.User);
        return query.Action is null ? statement : statement.Bind(query.Action);
    }
}
