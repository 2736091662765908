using FaaS.Domain;
using FaaS.Domain.Users;
using Microsoft.Extensions.Options;

namespace FaaS.Application.Db;

/// <summary>
/// The quotas in force, and what is used of them. Sums over all jobs are read once a minute at most, however many ask;
/// the list of terms is made when its first page is asked for, and its other pages are of the same list.
/// </summary>
internal sealed class TermsBook(
    IQuotaStore quotas, IUsageStore usage, IOptions<QuotaOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>How long a list, and a sum over all jobs, is good for.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromMinutes(1);

    private const int PageRows = 500;

    private readonly SemaphoreSlim _listing = new(1, 1);
    private readonly SemaphoreSlim _counting = new(1, 1);
    private (IReadOnlyList<UserTerms> Terms, long At)? _list;
    private (IReadOnlyDictionary<string, long> Bytes, long At)? _stored;

    /// <summary>The quotas of everybody who has none of their own.</summary>
    public Quotas Defaults { get; } = options.Value.ToQuotas();

    /// <summary>Today, in days since 1970-01-01, UTC.</summary>
    public long Today => Days.Of(time.GetUtcNow());

    /// <summary>The terms of users whose terms are not just the defaults, by name in the order of its bytes.</summary>
    /// <param name="anew">Whether the last list will not do: the time that was used is the ledger's of now.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<Result<IReadOnlyList<UserTerms>>> ListAsync(bool anew, CancellationToken cancellation)
    {
        await _listing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!anew && _list is { } list && IsGood(list.At)) return Result<IReadOnlyList<UserTerms>>.Ok(list.Terms);
            var now = time.GetTimestamp();
            var made = await MakeAsync(cancellation).ConfigureAwait(false);
            if (made.IsOk) _list = (made.Value, now);
            return made;
        }
        finally
        {
            _listing.Release();
        }
    }

    /// <summary>One user's terms.</summary>
    public async Task<Result<UserTerms>> ReadAsync(OwnQuotas own, CancellationToken cancellation)
    {
        var inForce = own.Overrides.Over(Defaults);
        UsedTime? used = null;
        if (inForce.HasBudget)
        {
            var today = Today;
            var executed = await usage.SumTimeAsync(own.User, today, cancellation).ConfigureAwait(false);
            if (!executed.IsOk) return executed.Error;
            used = new UsedTime(today, executed.Value.DayUs, executed.Value.MonthUs);
        }
        if (inForce.StoredBytes == 0) return new UserTerms(own.User, own.Revision, inForce, used, null);
        var stored = await SumStoredBytesAsync(cancellation).ConfigureAwait(false);
        return stored.IsOk
            ? new UserTerms(own.User, own.Revision, inForce, used, stored.Value.GetValueOrDefault(own.User))
            : stored.Error;
    }

    /// <summary>Bytes that are kept, by name, as they were at most a minute ago.</summary>
    public async Task<Result<IReadOnlyDictionary<string, long>>> SumStoredBytesAsync(CancellationToken cancellation)
    {
        await _counting.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_stored is { } known && IsGood(known.At))
                return Result<IReadOnlyDictionary<string, long>>.Ok(known.Bytes);
            var now = time.GetTimestamp();
            // To its end, whoever gives up waiting: the next who asks gets it for nothing.
            var stored = await usage.SumStoredBytesAsync(CancellationToken.None).ConfigureAwait(false);
            if (stored.IsOk) _stored = (stored.Value, now);
            return stored;
        }
        finally
        {
            _counting.Release();
        }
    }

    public void Dispose()
    {
        _listing.Dispose();
        _counting.Dispose();
    }

    private async Task<Result<IReadOnlyList<UserTerms>>> MakeAsync(CancellationToken cancellation)
    {
        var own = await ReadOwnAsync(cancellation).ConfigureAwait(false);
        if (!own.IsOk) return own.Error;
        var inForce = own.Value.Values.Select(row => row.Overrides.Over(Defaults)).Append(Defaults).ToList();
        IReadOnlyDictionary<string, ExecutedTime> executed = new Dictionary<string, ExecutedTime>();
        IReadOnlyDictionary<string, long> stored = new Dictionary<string, long>();
        var today = Today;
        if (inForce.Exists(one => one.HasBudget))
        {
            var sums = await usage.SumTimesAsync(today, cancellation).ConfigureAwait(false);
            if (!sums.IsOk) return sums.Error;
            executed = sums.Value;
        }
        if (inForce.Exists(one => one.StoredBytes > 0))
        {
            var sums = await SumStoredBytesAsync(cancellation).ConfigureAwait(false);
            if (!sums.IsOk) return sums.Error;
            stored = sums.Value;
        }

        var names = new SortedSet<string>(own.Value.Keys, StringComparer.Ordinal);
        if (Defaults.HasBudget) names.UnionWith(executed.Keys);
        if (Defaults.StoredBytes > 0) names.UnionWith(stored.Keys);
        return Result<IReadOnlyList<UserTerms>>.Ok([.. names.Select(Terms)]);

        UserTerms Terms(string user)
        {
            var set = own.Value.GetValueOrDefault(user);
            var terms = set?.Overrides.Over(Defaults) ?? Defaults;
            var sum = executed.GetValueOrDefault(user);
            return new UserTerms(
                user, set?.Revision ?? 0, terms,
                terms.HasBudget ? new UsedTime(today, sum.DayUs, sum.MonthUs) : null,
                terms.StoredBytes > 0 ? stored.GetValueOrDefault(user) : null);
        }
    }

    private async Task<Result<Dictionary<string, OwnQuotas>>> ReadOwnAsync(CancellationToken cancellation)
    {
        var own = new Dictionary<string, OwnQuotas>();
        var after = "";
        while (true)
        {
            var page = await quotas.ListAsync(after, PageRows, cancellation).ConfigureAwait(false);
            if (!page.IsOk) return page.Error;
            foreach (var row in page.Value) own[row.User] = row;
            if (page.Value.Count < PageRows) return own;
            after = page.Value[^1].User;
        }
    }

    private bool IsGood(long at) => time.GetElapsedTime(at) < Lasts;
}
