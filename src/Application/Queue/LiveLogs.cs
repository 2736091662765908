using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Queue;

/// <summary>
/// What running jobs have written so far, for those who follow them. All of it happens on the queue's loop and in its memory,
/// bounded; nothing of it is durable, and a restart forgets it: whoever follows then hears the rest when the job has ended, from
/// the store, which has every line.
/// </summary>
internal sealed class LiveLogs
{
    /// <summary>What is kept of all jobs together, and of one.</summary>
    private const int BytesMax = 16 << 20, JobBytesMax = 1 << 20;

    /// <summary>What one answer has at most.</summary>
    private const int AnswerBytesMax = 64 << 10;

    /// <summary>Those who may be parked; one beyond is answered at once, as if its wait were over.</summary>
    private const int ParkedMax = 20_000;

    /// <summary>How often those who wait are looked through: for whose job has ended, and whose wait is over.</summary>
    private const int SweepMs = 50;

    private readonly Dictionary<JobId, LiveLog> _logs = [];
    private readonly Dictionary<JobId, List<Follower>> _followers = [];
    private readonly List<JobId> _over = [];
    private long _sweepAtMs;
    private int _parked;
    private long _bytes;

    /// <summary>Takes lines of runs under way: from the holder of the lease, each where the last one's ended, and as long as there is room.</summary>
    /// <returns>How many chunks were taken. Of a job of which one was not, nothing more will be.</returns>
    public int Append(Guid worker, IReadOnlyList<LogChunk> chunks, JobQueue queue, QueueTime now)
    {
        var taken = 0;
        foreach (var chunk in chunks)
        {
            var attempt = queue.AttemptOf(chunk.Job, chunk.Token, worker);
            if (attempt == 0) continue;
            if (chunk.From == 0) Drop(chunk.Job);
            if (!_logs.TryGetValue(chunk.Job, out var log))
            {
                if (chunk.From != 0) continue;
                _logs.Add(chunk.Job, log = new LiveLog(attempt));
            }
            if (log.Attempt != attempt || log.Length != chunk.From || log.Length + chunk.Bytes.Length > JobBytesMax
                || _bytes + chunk.Bytes.Length > BytesMax) continue;
            log.Bytes.AddRange(chunk.Bytes);
            _bytes += chunk.Bytes.Length;
            taken++;
            if (!_followers.Remove(chunk.Job, out var followers)) continue;
            _parked -= followers.Count;
            foreach (var follower in followers) Follow(follower.Request, queue, follower.Reply, now);
        }
        return taken;
    }

    /// <summary>Answers with what is new to who asks, or when there is some.</summary>
    public void Follow(FollowLogs request, JobQueue queue, IReply<FollowedLogs> reply, QueueTime now)
    {
        if (!queue.Holds(request.Job))
        {
            reply.Reply(new FollowedLogs(false, 0, 0, []));
            return;
        }
        if (_logs.TryGetValue(request.Job, out var log))
        {
            var from = request.Attempt == log.Attempt ? request.From : 0;
            if (from < log.Length)
            {
                reply.Reply(new FollowedLogs(true, log.Attempt, from, log.Cut(from, AnswerBytesMax)));
                return;
            }
        }
        if (request.WaitMs <= 0 || queue.Draining || _parked >= ParkedMax)
        {
            reply.Reply(new FollowedLogs(true, request.Attempt, request.From, []));
            return;
        }
        if (!_followers.TryGetValue(request.Job, out var followers)) _followers.Add(request.Job, followers = []);
        followers.Add(new Follower(request, reply, now.MonotonicMs + request.WaitMs));
        _parked++;
    }

    /// <summary>Answers those whose job has ended or whose wait is over, and forgets what nobody can ask for any more.</summary>
    public void Sweep(JobQueue queue, QueueTime now)
    {
        if ((_logs.Count == 0 && _parked == 0) || (now.MonotonicMs < _sweepAtMs && !queue.Draining)) return;
        _sweepAtMs = now.MonotonicMs + SweepMs;
        foreach (var (job, followers) in _followers)
        {
            if (queue.Holds(job)) _parked -= followers.RemoveAll(follower => IsOver(follower, queue.Draining, now));
            else _parked -= followers.RemoveAll(Ended);
            if (followers.Count == 0) _over.Add(job);
        }
        foreach (var job in _over) _followers.Remove(job);
        _over.Clear();
        foreach (var (job, _) in _logs)
            if (!queue.Holds(job)) _over.Add(job);
        foreach (var job in _over) Drop(job);
        _over.Clear();
    }

    private static bool IsOver(Follower follower, bool draining, QueueTime now)
    {
        if (now.MonotonicMs < follower.UntilMs && !draining) return false;
        follower.Reply.Reply(new FollowedLogs(true, follower.Request.Attempt, follower.Request.From, []));
        return true;
    }

    private static bool Ended(Follower follower)
    {
        follower.Reply.Reply(new FollowedLogs(false, 0, 0, []));
        return true;
    }

    private void Drop(JobId job)
    {
        if (_logs.Remove(job, out var log)) _bytes -= log.Length;
    }

    /// <summary>What one attempt has written.</summary>
    private sealed class LiveLog(int attempt)
    {
        public int Attempt { get; } = attempt;

        public List<byte> Bytes { get; } = [];

        public int Length => Bytes.Count;

        public byte[] Cut(int from, int max) => [.. Bytes.GetRange(from, Math.Min(max, Length - from))];
    }

    private readonly record struct Follower(FollowLogs Request, IReply<FollowedLogs> Reply, long UntilMs);
}
