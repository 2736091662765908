namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// Whose code destroys children faster than they can be replaced: three of them in ten seconds put a user on probation
/// for a minute. It goes by the user's name, so that registering anew does not wash it off. Not thread-safe; the pool's
/// lock guards it.
/// </summary>
internal sealed class UserProbation(TimeProvider time)
{
    public const int KillsMax = 3;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Sentence = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Record> _records = [];

    public bool Covers(string user) => Remaining(user) > TimeSpan.Zero;

    /// <summary>What is left of the user's probation; zero for everybody else.</summary>
    public TimeSpan Remaining(string user)
    {
        if (_records.Count == 0 || !_records.TryGetValue(user, out Record? record)) return TimeSpan.Zero;
        long now = time.GetTimestamp();
        return record.EndsAt > now ? time.GetElapsedTime(now, record.EndsAt) : TimeSpan.Zero;
    }

    public void ChildLost(string user)
    {
        long now = time.GetTimestamp();
        RemoveStale(now);
        if (!_records.TryGetValue(user, out Record? record)) _records.Add(user, record = new Record());
        record.Losses.Enqueue(now);
        while (record.Losses.Count > KillsMax) record.Losses.Dequeue();
        if (record.Losses.Count == KillsMax && time.GetElapsedTime(record.Losses.Peek(), now) <= Window)
            record.EndsAt = now + (long)(Sentence.TotalSeconds * time.TimestampFrequency);
    }

    private void RemoveStale(long now)
    {
        foreach ((string user, Record record) in _records)
            if (record.EndsAt <= now && time.GetElapsedTime(record.Losses.Last(), now) > Window)
                _records.Remove(user);
    }

    private sealed class Record
    {
        public Queue<long> Losses { get; } = new(KillsMax + 1);

        public long EndsAt { get; set; }
    }
}
