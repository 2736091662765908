using FaaS.Domain.Users;

namespace FaaS.Domain.Jobs;

/// <summary>
/// A user's account with the queue: what it may have, and what counts against it. It is the name's, over all generations
/// of it: who registers anew does not start anew.
/// </summary>
internal sealed class Account(string user, Quotas quotas)
{
    private const long MsPerDay = 24L * 3600 * 1000;
    private const int RateWindowMs = 5_000;
    private const int RetryMax = 3_600;

    private long _day;
    private long _dayUs;
    private long _monthUs;
    private TokenBucket _submissions;
    private long? _storedBytes;
    private long _storedSince;
    private long _rateFromMs;
    private int _endedInWindow;
    private double _endedPerSecond;

    public string User { get; } = user;

    public Quotas Quotas { get; private set; } = quotas;

    /// <summary>The quotas' revision; 0 while they are the defaults.</summary>
    public long Revision { get; private set; }

    /// <summary>Jobs that wait: submissions being stored, delayed and ready ones.</summary>
    public int Waiting { get; set; }

    /// <summary>Jobs that workers hold.</summary>
    public int Running { get; set; }

    /// <summary>Its generations that the queue knows.</summary>
    public int Owners { get; set; }

    /// <summary>Worker time promised to leases under way, in microseconds.</summary>
    public long ReservedUs { get; set; }

    /// <summary>Whether nothing is lost by forgetting it.</summary>
    public bool IsForgettable =>
        Waiting == 0 && Running == 0 && Owners == 0 && Revision == 0 && !(Quotas.HasBudget && _monthUs > 0);

    /// <summary>The defaults have changed: they are in force where nothing else was set.</summary>
    public void AdoptDefaults(Quotas quotas)
    {
        if (Revision == 0) Quotas = quotas;
    }

    /// <summary>Takes over terms, unless they are older than what it has.</summary>
    public void Adopt(UserTerms terms, long nowMs)
    {
        if (terms.Revision < Revision) return;
        (Revision, Quotas) = (terms.Revision, terms.Quotas);
        if (terms.StoredBytes is { } stored) (_storedBytes, _storedSince) = (stored, 0);
        if (terms.Used is not { } used) return;
        BeginDay(nowMs);
        // The ledger lags behind by what is being committed, the queue may not have counted from the beginning: neither
        // is ever too high, so the higher one is nearer to the truth.
        if (used.Day == _day) _dayUs = Math.Max(_dayUs, used.DayUs);
        if (IsSameMonth(used.Day, _day)) _monthUs = Math.Max(_monthUs, used.MonthUs);
    }

    /// <summary>Counts worker time that is billed now.</summary>
    public void Use(long us, long nowMs)
    {
        BeginDay(nowMs);
        _dayUs += us;
        _monthUs += us;
    }

    /// <summary>Counts an ended job and what is kept of it.</summary>
    public void Ended(long storedBytes, long monotonicMs)
    {
        _storedSince += storedBytes;
        _endedInWindow++;
        var elapsed = monotonicMs - _rateFromMs;
        if (elapsed < RateWindowMs) return;
        _endedPerSecond = _endedInWindow * 1000.0 / elapsed;
        (_rateFromMs, _endedInWindow) = (monotonicMs, 0);
    }

    /// <summary>Worker time that may still be promised, in microseconds; without a budget as much as there is.</summary>
    public long LeftUs(long nowMs)
    {
        if (!Quotas.HasBudget) return long.MaxValue;
        BeginDay(nowMs);
        var day = Quotas.MsPerDay > 0 ? (Quotas.MsPerDay * 1000) - _dayUs : long.MaxValue;
        var month = Quotas.MsPerMonth > 0 ? (Quotas.MsPerMonth * 1000) - _monthUs : long.MaxValue;
        return Math.Min(day, month) - ReservedUs;
    }

    /// <summary>Worker time there is when a day and a month begin, in microseconds.</summary>
    public long FullUs => Math.Min(
        Quotas.MsPerDay > 0 ? Quotas.MsPerDay * 1000 : long.MaxValue, Quotas.MsPerMonth > 0 ? Quotas.MsPerMonth * 1000 : long.MaxValue);

    /// <summary>The name of the budget that ends first.</summary>
    public (string Name, long Limit) TightestBudget()
    {
        var day = (Quotas.MsPerDay * 1000) - _dayUs;
        var month = (Quotas.MsPerMonth * 1000) - _monthUs;
        return Quotas.MsPerMonth == 0 || (Quotas.MsPerDay > 0 && day <= month)
            ? ("msPerDay", Quotas.MsPerDay)
            : ("msPerMonth", Quotas.MsPerMonth);
    }

    /// <summary>
    /// Admits one submission, and counts it, or says which quota it is over. Who is over any of them has not used up any
    /// other by asking.
    /// </summary>
    public Error? Admit(long bytes, QueueTime now)
    {
        if (Check(bytes, now) is { } error) return error;
        _submissions.Take(now.MonotonicUs, Quotas.SubmissionsPerSecond, Quotas.SubmissionsPerSecond);
        Waiting++;
        _storedSince += bytes;
        return null;
    }

    /// <summary>An admitted submission was not stored after all.</summary>
    public void Withdraw(long bytes)
    {
        Waiting--;
        // What was counted since may have been taken over from Db in between.
        _storedSince = Math.Max(0, _storedSince - bytes);
    }

    /// <summary>Which quota one more submission would be over, without counting it.</summary>
    public Error? Check(long bytes, QueueTime now) =>
        OverBudget(now) ?? OverQueued() ?? OverStored(bytes) ?? OverRate(now);

    private Error? OverBudget(QueueTime now)
    {
        if (!Quotas.HasBudget || LeftUs(now.WallMs) + ReservedUs > 0) return null;
        // Of two that are used up the one that is back later.
        var day = Quotas.MsPerMonth == 0 || _monthUs < Quotas.MsPerMonth * 1000;
        var (name, limit) = day ? ("msPerDay", Quotas.MsPerDay) : ("msPerMonth", Quotas.MsPerMonth);
        return Error.OverQuota(
            name, limit,
            $"The user's functions have run for the {limit} ms they may in a {(day ? "day" : "month")}; submit again when the next one begins (UTC).",
            SecondsTo(day ? NextDayMs() : NextMonthMs(), now.WallMs));
    }

    private Error? OverQueued()
    {
        if (Quotas.QueuedJobs == 0 || Waiting < Quotas.QueuedJobs) return null;
        var wait = _endedPerSecond > 0 ? Math.Ceiling((Waiting - Quotas.QueuedJobs + 1) / _endedPerSecond) : 60;
        return Error.OverQuota(
            "queuedJobs", Quotas.QueuedJobs,
            $"The user has {Waiting} jobs waiting, and may have no more than {Quotas.QueuedJobs}; submit again when some have ended.",
            (int)Math.Clamp(wait, 1, RetryMax));
    }

    private Error? OverStored(long bytes)
    {
        if (Quotas.StoredBytes == 0 || (_storedBytes ?? 0) + _storedSince + bytes <= Quotas.StoredBytes) return null;
        return Error.OverQuota(
            "storedBytes", Quotas.StoredBytes,
            $"The user's arguments, results and logs take the {Quotas.StoredBytes} bytes they may; delete jobs that have ended, or wait until they are old enough to go by themselves.",
            60);
    }

    /// <summary>A second's worth of submissions may come at once.</summary>
    private Error? OverRate(QueueTime now)
    {
        var waitUs = _submissions.WaitUs(now.MonotonicUs, Quotas.SubmissionsPerSecond, Quotas.SubmissionsPerSecond);
        return waitUs == 0
            ? null
            : Error.OverQuota(
                "submissionsPerSecond", Quotas.SubmissionsPerSecond,
                $"The user submits more than {Quotas.SubmissionsPerSecond} jobs a second; submit again in a moment.",
                (int)Math.Clamp((waitUs + 999_999) / 1_000_000, 1, RetryMax));
    }

    private void BeginDay(long nowMs)
    {
        var day = nowMs / MsPerDay;
        // A clock set back does not give a day's budget twice.
        if (day <= _day) return;
        if (!IsSameMonth(day, _day)) _monthUs = 0;
        (_day, _dayUs) = (day, 0);
    }

    private long NextDayMs() => (_day + 1) * MsPerDay;

    private long NextMonthMs()
    {
        var today = DateOf(_day);
        return new DateTimeOffset(today.Year, today.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).ToUnixTimeMilliseconds();
    }

    private static int SecondsTo(long thenMs, long nowMs) => (int)Math.Max(1, (thenMs - nowMs + 999) / 1000);

    private static bool IsSameMonth(long day, long other) =>
        day == other || (DateOf(day) is var one && DateOf(other) is var two && one.Year == two.Year && one.Month == two.Month);

    private static DateTime DateOf(long day) => DateTime.UnixEpoch.AddDays(Math.Clamp(day, 0, 2_932_896));
}

/// <summary>All accounts the queue has a reason to remember.</summary>
internal sealed class Accounts
{
    private readonly Dictionary<string, Account> _known = [];

    public Quotas Defaults { get; private set; } = Quotas.Unbounded;

    public Account Of(string user)
    {
        if (_known.TryGetValue(user, out var account)) return account;
        account = new Account(user, Defaults);
        _known.Add(user, account);
        return account;
    }

    public Account? Find(string user) => _known.GetValueOrDefault(user);

    public void AdoptDefaults(Quotas defaults)
    {
        if (defaults == Defaults) return;
        Defaults = defaults;
        foreach (var (_, account) in _known) account.AdoptDefaults(defaults);
    }

    /// <summary>Forgets an account of which nothing is left to remember.</summary>
    public void Release(Account account)
    {
        if (account.IsForgettable) _known.Remove(account.User);
    }
}
