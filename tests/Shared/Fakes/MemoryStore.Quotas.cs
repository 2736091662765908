using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Users;

namespace FaaS.Tests.Shared.Fakes;

/// <content>Quotas and what is used of them. What is used is what a test says.</content>
public sealed partial class MemoryStore : IQuotaStore, IUsageStore
{
    private readonly SortedDictionary<string, OwnQuotas> _quotas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ExecutedTime> _executed = [];
    private readonly Dictionary<string, long> _storedBytes = [];
    private int _usageReads;

    /// <summary>Sums over all jobs that were made.</summary>
    public int UsageReads => Volatile.Read(ref _usageReads);

    /// <summary>Says what a name has used.</summary>
    public MemoryStore WithUsed(string user, long dayUs, long monthUs, long storedBytes = 0)
    {
        lock (_gate)
        {
            _executed[user] = new ExecutedTime(dayUs, monthUs);
            if (storedBytes > 0) _storedBytes[user] = storedBytes;
        }
        return this;
    }

    public Task<Result<OwnQuotas>> ChangeAsync(
        string user, IReadOnlyList<QuotaChange> changes, AuditNote note, CancellationToken cancellation) =>
        AuditAsync(note, () =>
        {
            var found = _quotas.GetValueOrDefault(user) ?? new OwnQuotas(user, 0, QuotaOverrides.None);
            var next = found.With(changes);
            if (next.Revision > 0) _quotas[user] = next;
            return new Audited<OwnQuotas>(next, next != found);
        });

    Task<Result<OwnQuotas>> IQuotaStore.FindAsync(string user, CancellationToken cancellation) =>
        AnswerAsync(() => _quotas.GetValueOrDefault(user) ?? new OwnQuotas(user, 0, QuotaOverrides.None));

    public Task<Result<IReadOnlyList<OwnQuotas>>> ListAsync(string after, int max, CancellationToken cancellation) =>
        AnswerAsync(() => Result<IReadOnlyList<OwnQuotas>>.Ok(
            [.. _quotas.Values.Where(row => string.CompareOrdinal(row.User, after) > 0).Take(max)]));

    public Task<Result<ExecutedTime>> SumTimeAsync(string user, long day, CancellationToken cancellation) =>
        AnswerAsync(() => _executed.GetValueOrDefault(user));

    public Task<Result<IReadOnlyDictionary<string, ExecutedTime>>> SumTimesAsync(
        long day, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _usageReads);
        return AnswerAsync(() => Result<IReadOnlyDictionary<string, ExecutedTime>>.Ok(
            new Dictionary<string, ExecutedTime>(_executed)));
    }

    Task<Result<UsagePage>> IUsageStore.ListAsync(UsageQuery query, CancellationToken cancellation) =>
        AnswerAsync<UsagePage>(() => _users.TryGetValue(query.User, out var generation)
            ? new UsagePage(generation, [], false)
            : StoreErrors.NoUser(query.User));

    public Task<Result<IReadOnlyDictionary<string, long>>> SumStoredBytesAsync(CancellationToken cancellation)
    {
        Interlocked.Increment(ref _usageReads);
        return AnswerAsync(() => Result<IReadOnlyDictionary<string, long>>.Ok(
            new Dictionary<string, long>(_storedBytes)));
    }

    public Task<Result<FunctionHoldings>> SumFunctionsAsync(string user, CancellationToken cancellation) =>
        AnswerAsync<FunctionHoldings>(() => _users.TryGetValue(user, out var generation) ? Holdings(generation) : NoUser(user));

    private FunctionHoldings Holdings(long generation)
    {
        var functions = _functions.Where(row => row.Key.Generation == generation).ToList();
        return new FunctionHoldings(functions.Count, functions.Sum(row => (long)row.Value.Source.Length));
    }
}
