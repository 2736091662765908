using Jint.Native;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>A callback that is due at some time, once or again and again.</summary>
internal sealed class ScriptTimer(int id, JsValue callback, JsValue[] arguments, long? intervalMs)
{
    public int Id { get; } = id;

    public JsValue Callback { get; } = callback;

    public JsValue[] Arguments { get; } = arguments;

    /// <summary>Null for a timeout.</summary>
    public long? IntervalMs { get; } = intervalMs;

    public bool IsCancelled { get; set; }
}

/// <summary>
/// The timers of one invocation, the earliest due first, among equals the earliest created. Time is in milliseconds of
/// the loop's clock, which stands still while a callback runs, as in other event loops.
/// </summary>
internal sealed class TimerQueue
{
    public const int LiveMax = 1_000;

    private const double DelayMsMax = int.MaxValue;

    private readonly Dictionary<int, ScriptTimer> _live = [];
    private readonly PriorityQueue<ScriptTimer, (long DueMs, long Order)> _queue = new();
    private int _nextId = 1;
    private long _nextOrder;

    public bool IsFull => _live.Count >= LiveMax;

    /// <summary>The delay a script asked for, as timers have it: whole milliseconds, at least one.</summary>
    public static long DelayMs(double asked) => asked is >= 1 and <= DelayMsMax ? (long)asked : 1;

    public int Add(JsValue callback, JsValue[] arguments, long nowMs, long delayMs, bool repeats)
    {
        var timer = new ScriptTimer(_nextId++, callback, arguments, repeats ? delayMs : null);
        _live.Add(timer.Id, timer);
        Schedule(timer, nowMs + delayMs);
        return timer.Id;
    }

    public void Cancel(int id)
    {
        if (!_live.Remove(id, out ScriptTimer? timer)) return;
        timer.IsCancelled = true;

        // Cancelled entries stay in the heap until they surface, so the heap is rebuilt when they dominate it.
        if (_queue.Count > (2 * LiveMax) + (2 * _live.Count)) DropCancelled();
    }

    /// <summary>When the next timer is due; null when there is none.</summary>
    public long? NextDueMs()
    {
        while (_queue.TryPeek(out ScriptTimer? timer, out (long DueMs, long Order) at))
        {
            if (!timer.IsCancelled) return at.DueMs;
            _queue.Dequeue();
        }

        return null;
    }

    /// <summary>Takes the timer <see cref="NextDueMs"/> spoke of, scheduling it again if it repeats.</summary>
    public ScriptTimer Take(long nowMs)
    {
        ScriptTimer timer = _queue.Dequeue();
        if (timer.IntervalMs is { } interval) Schedule(timer, nowMs + interval);
        else _live.Remove(timer.Id);
        return timer;
    }

    private void Schedule(ScriptTimer timer, long dueMs) => _queue.Enqueue(timer, (dueMs, _nextOrder++));

    private void DropCancelled()
    {
        var kept = _queue.UnorderedItems.Where(entry => !entry.Element.IsCancelled).ToArray();
        _queue.Clear();
        foreach ((ScriptTimer timer, (long DueMs, long Order) at) in kept) _queue.Enqueue(timer, at);
    }
}
