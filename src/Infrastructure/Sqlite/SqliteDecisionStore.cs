using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>The log of decisions in SQLite.</summary>
internal sealed class SqliteDecisionStore(SqliteStore store) : IDecisionStore
{
    private const string Insert = """
        INSERT INTO decisions(scaler, number, is_change, report) VALUES (?, ?, ?, ?)
        ON CONFLICT(scaler, number) DO NOTHING
        """;

    /// <summary>The newest row that is one too many; without one the comparison is with NULL and nothing goes.</summary>
    private const string Trim = """
        DELETE FROM decisions WHERE is_change = 0
            AND id <= (SELECT id FROM decisions ORDER BY id DESC LIMIT 1 OFFSET ?)
        """;

    /// <summary>A change that has so many newer changes before it is not among the newest of all either.</summary>
    private const string TrimChanges = """
        DELETE FROM decisions WHERE is_change = 1
            AND id <= (SELECT id FROM decisions WHERE is_change = 1 ORDER BY id DESC LIMIT 1 OFFSET ?)
        """;

    private const string Select = "SELECT id, report FROM decisions WHERE id < ? ORDER BY id DESC LIMIT ?";

    private const string SelectChanges =
        "SELECT id, report FROM decisions WHERE is_change = 1 AND id < ? ORDER BY id DESC LIMIT ?";

    public Task<Result<int>> AppendAsync(
        Guid scaler, IReadOnlyList<DecisionReport> decisions, CancellationToken cancellation) =>
        store.Writer.DoAsync<int>(
            statements =>
            {
                var added = 0;
                foreach (var decision in decisions)
                {
                    statements[Insert].Bind((Guid?)scaler).Bind(decision.Number).Bind(decision.IsChange ? 1 : 0)
                        .Bind(decision.ToText()).Run();
                    added += statements.Database.Changes;
                }
                // The log is never longer than both bounds and one batch, so this passes over no more.
                statements[Trim].Bind(DecisionLimits.Kept).Run();
                statements[TrimChanges].Bind(DecisionLimits.Kept).Run();
                return added;
            },
            cancellation);

    public Task<Result<DecisionPage>> ListAsync(
        long before, bool changesOnly, int maxRows, int maxChars, CancellationToken cancellation)
    {
        using var lease = store.Readers.Borrow();
        var page = new List<RecordedDecision>();
        var statement = lease.Statements[changesOnly ? SelectChanges : Select].Bind(before).Bind(maxRows + 1L);
        var (more, chars) = (false, 0L);
        while (!more && statement.Step())
        {
            var text = statement.Text(1);
            chars += text.Length;
            more = page.Count == maxRows || (page.Count > 0 && chars > maxChars);
            if (!more) page.Add(new RecordedDecision(statement.Int64(0), DecisionReport.Parse(text)));
        }
        statement.Reset();
        return Task.FromResult<Result<DecisionPage>>(new DecisionPage(page, more));
    }
}
