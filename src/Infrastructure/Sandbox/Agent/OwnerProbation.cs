namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// Whose code destroys children faster than they can be replaced: three of them in ten seconds put an owner on one
/// slot for a minute. Not thread-safe; the pool's lock guards it.
/// </summary>
internal sealed class OwnerProbation(TimeProvider time)
{
    public const int KillsMax = 3;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Sentence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<long, Record> _records = [];

    /// <summary>Whether the owner may have one invocation at a time only.</summary>
    public bool Covers(long owner) =>
        _records.Count > 0 && _records.TryGetValue(owner, out Record? record) && record.EndsAt > time.GetTimestamp();

    public void ChildLost(long owner)
    {
        long now = time.GetTimestamp();
        RemoveStale(now);
        if (!_records.TryGetValue(owner, out Record? record)) _records.Add(owner, record = new Record());
        record.Losses.Enqueue(now);
        while (record.Losses.Count > KillsMax) record.Losses.Dequeue();
        if (record.Losses.Count == KillsMax && time.GetElapsedTime(record.Losses.Peek(), now) <= Window)
            record.EndsAt = now + (long)(Sentence.TotalSeconds * time.TimestampFrequency);
    }

    private void RemoveStale(long now)
    {
        foreach ((long owner, Record record) in _records)
            if (record.EndsAt <= now && time.GetElapsedTime(record.Losses.Last(), now) > Window)
                _records.Remove(owner);
    }

    private sealed class Record
    {
        public Queue<long> Losses { get; } = new(KillsMax + 1);

        public long EndsAt { get; set; }
    }
}
