using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Users;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>What was set for names in SQLite.</summary>
internal sealed class SqliteQuotaStore(SqliteStore store) : IQuotaStore
{
    private const string Select = "SELECT user, revision, overrides FROM quotas ";

    private const string ByUser = Select + "WHERE user = ?";

    private const string Page = Select + "WHERE user > ? ORDER BY user LIMIT ?";

    private const string Replace = "INSERT OR REPLACE INTO quotas(user, revision, overrides) VALUES (?, ?, ?)";

    public Task<Result<OwnQuotas>> ChangeAsync(
        string user, IReadOnlyList<QuotaChange> changes, AuditNote note, CancellationToken cancellation) =>
        SqliteAuditStore.DoAsync(
            store, note, statements =>
            {
                var found = Read(statements[ByUser].Bind(user)) is [var known] ? known : new OwnQuotas(user, 0, QuotaOverrides.None);
                var next = found.With(changes);
                if (ReferenceEquals(next, found)) return new Audited<OwnQuotas>(found, false);
                statements[Replace].Bind(user).Bind(next.Revision).Bind(OwnQuotas.ToText(next.Overrides)).Run();
                return new Audited<OwnQuotas>(
                    next, true, OwnQuotas.ToText(found.Overrides), OwnQuotas.ToText(next.Overrides));
            },
            cancellation);

    public Task<Result<OwnQuotas>> FindAsync(string user, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult<Result<OwnQuotas>>(
            Read(lease.Statements[ByUser].Bind(user)) is [var found] ? found : new OwnQuotas(user, 0, QuotaOverrides.None));
    }

    public Task<Result<IReadOnlyList<OwnQuotas>>> ListAsync(string after, int max, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        return Task.FromResult(
            Result<IReadOnlyList<OwnQuotas>>.Ok(Read(lease.Statements[Page].Bind(after).Bind(max))));
    }

    private static List<OwnQuotas> Read(Statement row)
    {
        var rows = new List<OwnQuotas>();
        while (row.Step()) rows.Add(OwnQuotas.Parse(row.Text(0), row.Int64(1), row.Text(2)));
        return rows;
    }
}
