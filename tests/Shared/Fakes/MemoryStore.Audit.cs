using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Fakes;

/// <content>The audit log.</content>
public sealed partial class MemoryStore : IAuditStore
{
    private readonly List<AuditEntry> _entries = [];

    /// <summary>What is in the log, the oldest first.</summary>
    public IReadOnlyList<AuditRecord> Audit
    {
        get { lock (_gate) return [.. _entries.Select(entry => entry.Record)]; }
    }

    public Task<Result<int>> AppendAsync(IReadOnlyList<AuditRecord> records, CancellationToken cancellation) =>
        AnswerAsync(() => records.Count(Append));

    public Task<Result<AuditPage>> ListAsync(AuditQuery query, int maxChars, CancellationToken cancellation) => AnswerAsync(() =>
    {
        AuditEntry[] found =
        [
            .. _entries.Where(entry => (query.Before == 0 || entry.Id < query.Before)
                && (query.User ?? entry.Record.Note.User) == entry.Record.Note.User
                && (query.Action ?? entry.Record.Note.Action) == entry.Record.Note.Action
                && entry.Record.Note.AtMs >= query.FromMs && (query.ToMs == 0 || entry.Record.Note.AtMs < query.ToMs)).Reverse(),
        ];
        return new AuditPage([.. found.Take(query.Max)], found.Length > query.Max);
    });

    Task<Result<int>> IAuditStore.SweepAsync(long beforeMs, CancellationToken cancellation) =>
        AnswerAsync(() => _entries.RemoveAll(entry => entry.Record.Note.AtMs < beforeMs));

    private Task<Result<T>> AuditAsync<T>(AuditNote note, Func<Audited<T>> action) => AnswerAsync<T>(() =>
    {
        var end = action();
        if (note.End(end) is { } record) Append(record);
        return end.Result;
    });

    private bool Append(AuditRecord record)
    {
        if (_entries.Exists(entry => entry.Record.Note.By.Id == record.Note.By.Id)) return false;
        _entries.Add(new AuditEntry(_entries.Count + 1, record));
        return true;
    }

    private static Audited<bool> Changed(bool done) => new(done, done);
}
