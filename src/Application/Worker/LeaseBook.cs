using FaaS.Domain.Jobs;

namespace FaaS.Application.Worker;

/// <summary>A lease in the worker's hands.</summary>
internal sealed class LeaseInHand(LeasedJob job, long receivedAt) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private bool _over;

    public LeasedJob Job { get; } = job;

    /// <summary>Timestamp of its arrival.</summary>
    public long ReceivedAt { get; } = receivedAt;

    /// <summary>Whether a slot has taken it.</summary>
    public bool Started { get; set; }

    /// <summary>Whether its attempt has ended and only the queue's answer is missing.</summary>
    public bool Reported { get; set; }

    /// <summary>The lease is not ours any more, or is to go back: its end is not reported.</summary>
    public bool Dropped { get; set; }

    /// <summary>Kills the function when triggered.</summary>
    public CancellationToken Stop => _stop.Token;

    public void Kill()
    {
        lock (_stop)
        {
            if (!_over) _stop.Cancel();
        }
    }

    public void Dispose()
    {
        lock (_stop)
        {
            _over = true;
            _stop.Dispose();
        }
    }
}

/// <summary>
/// Every lease the worker holds, from its grant until its end is answered: exactly what it lists to the queue. Leases
/// that no slot has taken yet stand in line.
/// </summary>
/// <param name="slots">All slots.</param>
/// <param name="slotsFor">Those the sandbox gives to a user; all when null.</param>
internal sealed class LeaseBook(int slots, Func<string, int>? slotsFor = null)
{
    private readonly int _ownerCap = Math.Max(1, slots - 1);
    private readonly Dictionary<string, int> _running = [];
    private readonly Lock _gate = new();
    private readonly Dictionary<LeaseToken, LeaseInHand> _leases = [];
    private readonly LinkedList<LeaseInHand> _line = new();
    private readonly HashSet<LeaseToken> _revokedEarly = [];
    private LeaseToken _newest;
    private int _reported;

    /// <summary>Leases whose attempt has not ended.</summary>
    public int Open
    {
        get { lock (_gate) return _leases.Count - _reported; }
    }

    /// <summary>Leases that no slot has taken.</summary>
    public int Waiting
    {
        get { lock (_gate) return _line.Count; }
    }

    /// <summary>Leases whose end is not answered yet.</summary>
    public int Unanswered
    {
        get { lock (_gate) return _reported; }
    }

    public void Add(LeaseInHand lease)
    {
        bool revoked;
        lock (_gate)
        {
            _leases.Add(lease.Job.Token, lease);
            _line.AddLast(lease);
            revoked = _revokedEarly.Remove(lease.Job.Token);
            if (lease.Job.Token > _newest) _newest = lease.Job.Token;
            // Grants come in order, so what is older than this one and not here got lost on its way.
            if (_revokedEarly.Count > 0) _revokedEarly.RemoveWhere(token => token < _newest);
        }
        if (revoked) lease.Kill();
    }

    /// <summary>
    /// The next lease in line that may start, now started; null when there is none. A user runs in all slots but one
    /// at a time: the queue's own cap counts prefetched jobs too, so it alone would let a burst of long ones, granted
    /// ahead because the runs before them were short, take every slot. Nor does a user whom the sandbox gives fewer
    /// slots start what would only wait for a child, in a slot that others could use.
    /// </summary>
    public LeaseInHand? Start()
    {
        lock (_gate)
        {
            for (var node = _line.First; node is not null; node = node.Next)
            {
                var user = node.Value.Job.Binding.User;
                var running = _running.GetValueOrDefault(user);
                if (running > 0 && (running >= _ownerCap || running >= slotsFor?.Invoke(user))) continue;
                _running[user] = running + 1;
                _line.Remove(node);
                node.Value.Started = true;
                return node.Value;
            }
            return null;
        }
    }

    /// <summary>A started lease has left its slot.</summary>
    public void Leave(LeaseInHand lease)
    {
        lock (_gate)
        {
            var user = lease.Job.Binding.User;
            if (--_running[user] == 0) _running.Remove(user);
        }
    }

    /// <summary>Its attempt has ended. False when the lease was lost meanwhile: there is nothing to report.</summary>
    public bool Report(LeaseInHand lease)
    {
        lock (_gate)
        {
            if (lease.Dropped) return false;
            lease.Reported = true;
            _reported++;
            return true;
        }
    }

    /// <summary>The queue has answered, or the lease goes back.</summary>
    public void Remove(LeaseToken token)
    {
        lock (_gate)
        {
            if (!_leases.Remove(token, out var lease)) return;
            if (lease.Reported) _reported--;
            lease.Dispose();
        }
    }

    /// <summary>It has no end to report and goes back. False when somebody else has dropped it already.</summary>
    public bool Drop(LeaseInHand lease)
    {
        lock (_gate) return !lease.Dropped && (lease.Dropped = true);
    }

    /// <summary>Takes leases that have stood in line too long out of it, to be given back.</summary>
    public List<LeaseInHand> TakeStale(Func<LeaseInHand, bool> isStale)
    {
        lock (_gate)
        {
            var stale = new List<LeaseInHand>();
            for (var node = _line.First; node is not null;)
            {
                var next = node.Next;
                if (isStale(node.Value))
                {
                    node.Value.Dropped = true;
                    _line.Remove(node);
                    stale.Add(node.Value);
                }
                node = next;
            }
            return stale;
        }
    }

    /// <summary>
    /// Kills the runs of leases that the queue has revoked; their ends are reported as cancelled. A revocation may
    /// overtake the grant: then it is newer than any lease seen, and is remembered until the lease comes.
    /// </summary>
    public void Revoke(IReadOnlyList<LeaseToken> tokens)
    {
        foreach (var token in tokens)
        {
            LeaseInHand? lease;
            lock (_gate)
            {
                lease = _leases.GetValueOrDefault(token);
                if (lease is { Reported: true }) lease = null;
                else if (lease is null && token > _newest && _revokedEarly.Count < 1024) _revokedEarly.Add(token);
            }
            lease?.Kill();
        }
    }

    /// <summary>Kills the runs of leases that are not ours any more; nothing of them is reported.</summary>
    public void Lose(IReadOnlyList<LeaseToken> tokens)
    {
        foreach (var token in tokens)
        {
            LeaseInHand? lease;
            lock (_gate)
            {
                // What is reported is settled by the queue's answer to the report.
                if (!_leases.TryGetValue(token, out lease) || lease.Reported) continue;
                lease.Dropped = true;
                if (!lease.Started) _line.Remove(lease);
            }
            if (lease.Started) lease.Kill();
            else Remove(token);
        }
    }

    /// <summary>Kills every run that has not ended, for a worker that leaves; the result is what to give back.</summary>
    public List<LeaseInHand> DropAll()
    {
        List<LeaseInHand> open;
        lock (_gate)
        {
            open = [.. _leases.Values.Where(lease => !lease.Reported)];
            foreach (var lease in open) lease.Dropped = true;
            _line.Clear();
        }
        foreach (var lease in open) lease.Kill();
        return open;
    }

    /// <summary>What the worker lists to the queue.</summary>
    public HeldLease[] List()
    {
        lock (_gate)
        {
            var held = new HeldLease[_leases.Count];
            var at = 0;
            foreach (var lease in _leases.Values)
                held[at++] = new HeldLease(lease.Job.Job, lease.Job.Token, lease.Started);
            return held;
        }
    }
}
