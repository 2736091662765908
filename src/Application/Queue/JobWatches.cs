using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Queue;

/// <summary>Who watches which jobs. All of it happens on the queue's loop; a crash forgets it, and the watchers ask again.</summary>
internal sealed class JobWatches
{
    /// <summary>Jobs one request may name.</summary>
    public const int NamedMax = 1_024;

    /// <summary>Jobs one watcher may watch; one beyond is answered at once, as if its wait were over.</summary>
    private const int OpenMax = 65_536;

    /// <summary>Nobody waits longer; what its watcher forgot to drop goes by itself.</summary>
    private const int LongestWaitMs = 60_000;

    private const int SilenceMs = 30_000;

    private readonly Dictionary<Guid, JobWatch> _watches = [];
    private readonly List<Guid> _silent = [];

    public void Take(WatchJobs request, JobQueue queue, IReply<WatchedJobs> reply, QueueTime now)
    {
        if (!_watches.TryGetValue(request.Watcher, out var watch))
        {
            watch = new JobWatch();
            _watches.Add(request.Watcher, watch);
        }
        watch.Park(reply, now.MonotonicMs + request.WaitMs);
        foreach (var number in request.Drop) watch.Drop(number);
        foreach (var (number, id) in request.Add)
        {
            if (watch.Open >= OpenMax) watch.TellOver(number);
            else if (watch.TryOpen(number, out var wait)) queue.Wait(id, now.MonotonicMs + LongestWaitMs, wait, now);
        }
    }

    /// <summary>Answers whoever has something to hear. Called once a turn, so that ends of one commit go together.</summary>
    public void Answer(bool draining, QueueTime now)
    {
        foreach (var (watcher, watch) in _watches)
        {
            if (watch.Answer(draining, now.MonotonicMs)) continue;
            if (now.MonotonicMs - watch.SeenAtMs > SilenceMs) _silent.Add(watcher);
        }
        foreach (var watcher in _silent) _watches.Remove(watcher);
        _silent.Clear();
    }

    /// <summary>What one watcher watches.</summary>
    private sealed class JobWatch
    {
        /// <summary>Ends in one answer: it has to stay well below the transport's 2 MiB, and not delay others.</summary>
        private const int AnswerBytesMax = 256 << 10;

        /// <summary>Names and numbers of one end, in JSON.</summary>
        private const int EndBytes = 400;

        private readonly HashSet<long> _open = [];
        private readonly Queue<WatchedJob> _over = new();
        private IReply<WatchedJobs>? _parked;
        private long _untilMs;

        public int Open => _open.Count;

        /// <summary>When a request of its was last here, on the monotonic clock.</summary>
        public long SeenAtMs { get; private set; }

        public void Park(IReply<WatchedJobs> reply, long untilMs)
        {
            _parked?.Reply(new WatchedJobs([], Replaced: true));
            (_parked, _untilMs) = (reply, untilMs);
        }

        public void Drop(long number) => _open.Remove(number);

        public bool TryOpen(long number, out IReply<JobEnd?> wait)
        {
            wait = new Wait(this, number);
            return _open.Add(number);
        }

        public void TellOver(long number) => _over.Enqueue(new WatchedJob(number, true, null));

        /// <returns>Whether somebody is parked, or was until now.</returns>
        public bool Answer(bool draining, long nowMs)
        {
            if (_parked is not { } parked) return false;
            SeenAtMs = nowMs;
            if (_over.Count == 0 && nowMs < _untilMs && !draining) return true;
            _parked = null;
            var jobs = new List<WatchedJob>(Math.Min(_over.Count, NamedMax));
            for (var bytes = 0; bytes < AnswerBytesMax && _over.TryDequeue(out var job);
                 bytes += EndBytes + (job.End?.End.MessageBytes ?? 0))
                jobs.Add(job);
            parked.Reply(new WatchedJobs(jobs));
            return true;
        }

        private sealed class Wait(JobWatch watch, long number) : IReply<JobEnd?>
        {
            public void Reply(Result<JobEnd?> answer)
            {
                if (watch._open.Remove(number))
                    watch._over.Enqueue(new WatchedJob(number, answer.IsOk, answer.IsOk ? answer.Value : null));
            }
        }
    }
}
