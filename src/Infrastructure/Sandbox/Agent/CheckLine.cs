namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>
/// The checks that wait: in turns by user, and in a user's own order. Nobody pays for a check, so the line is short, and
/// one user has a small part of it. Not thread-safe; the pool's lock guards it.
/// </summary>
internal sealed class CheckLine
{
    public const int PerUserMax = 4;
    public const int Max = 32;

    private readonly LinkedList<UserLine> _turns = new();
    private readonly Dictionary<string, LinkedListNode<UserLine>> _byUser = [];

    public int Count { get; private set; }

    /// <summary>Lines up a check; a sentence when there is no room for it.</summary>
    public string? TryAdd(Waiter waiter)
    {
        if (Count >= Max) return "Too many sources wait to be checked; register this one again in a while.";
        string user = waiter.Want.User;
        if (!_byUser.TryGetValue(user, out LinkedListNode<UserLine>? node))
            _byUser.Add(user, node = _turns.AddLast(new UserLine(user)));
        if (node.Value.Waiters.Count >= PerUserMax)
            return "Too many sources of this user wait to be checked; register this one again in a while.";
        node.Value.Waiters.AddLast(waiter);
        Count++;
        return null;
    }

    /// <summary>The check whose turn it is; null when none waits.</summary>
    public Waiter? Next => _turns.First?.Value.Waiters.First!.Value;

    /// <summary>Takes a check out of the line; false when it is not in it. Its user's next one waits for its turn.</summary>
    public bool Remove(Waiter waiter)
    {
        if (!_byUser.TryGetValue(waiter.Want.User, out LinkedListNode<UserLine>? node)) return false;
        if (!node.Value.Waiters.Remove(waiter)) return false;
        Count--;
        _turns.Remove(node);
        if (node.Value.Waiters.Count > 0) _turns.AddLast(node);
        else _byUser.Remove(node.Value.User);
        return true;
    }

    /// <summary>Empties the line.</summary>
    public IReadOnlyList<Waiter> TakeAll()
    {
        Waiter[] all = [.. _turns.SelectMany(user => user.Waiters)];
        _turns.Clear();
        _byUser.Clear();
        Count = 0;
        return all;
    }

    private sealed record UserLine(string User)
    {
        public LinkedList<Waiter> Waiters { get; } = new();
    }
}
