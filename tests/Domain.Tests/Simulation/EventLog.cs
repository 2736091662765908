using System.Globalization;

namespace FaaS.Domain.Tests.Simulation;

internal enum Happening
{
    Grant, Execute, Report, Accept, Stale, Commit, CommitAnswer, Submit, Acknowledge, Refuse, Wait, WaitEnd, Cancel,
    CancelEnd, Close, Register, QueueStart, QueueReady, QueueCrash, QueueFreeze, Fenced, StoreCrash, StoreBack,
    StoreRefuses, WorkerStart, WorkerDie, WorkerPause, WorkerLeave, Abandon, Kill, Drop, Heal, Cut, Clock, Give, Terms,
}

/// <summary>
/// What happened, in order, folded into one number: two runs with the same number are the same run. The text is kept
/// only when one run is looked at.
/// </summary>
internal sealed class EventLog(bool verbose)
{
    private readonly List<string> _lines = [];

    public ulong Hash { get; private set; } = 14695981039346656037UL;

    public int Count { get; private set; }

    public IReadOnlyList<string> Lines => _lines;

    public void Add(long atMs, Happening what, long a = 0, long b = 0, long c = 0)
    {
        Count++;
        Fold((ulong)atMs);
        Fold((ulong)what);
        Fold((ulong)a);
        Fold((ulong)b);
        Fold((ulong)c);
        if (verbose)
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{atMs,8} {what,-12} {a} {b} {c}"));
    }

    /// <summary>FNV-1a over whole words, then mixed.</summary>
    private void Fold(ulong word)
    {
        Hash = (Hash ^ word) * 1099511628211UL;
        Hash ^= Hash >> 29;
    }
}
