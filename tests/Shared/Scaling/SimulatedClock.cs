using FaaS.Domain.Jobs;

namespace FaaS.Tests.Shared.Scaling;

/// <summary>Virtual time: what is to happen, in its order. Two events of one instant happen as they were planned.</summary>
internal sealed class SimulatedClock
{
    private const long WallFromMs = 1_767_225_600_000;

    private readonly PriorityQueue<Action, (long AtUs, long Number)> _events = new();
    private long _next;

    public long NowUs { get; private set; }

    public QueueTime Now => new(WallFromMs + (NowUs / 1000), NowUs / 1000, (int)(NowUs % 1000));

    public DateTimeOffset Wall => DateTimeOffset.FromUnixTimeMilliseconds(WallFromMs + (NowUs / 1000));

    public void At(long us, Action action) => _events.Enqueue(action, (us, _next++));

    public void After(long us, Action action) => At(NowUs + us, action);

    public void Every(long us, Action action) => After(us, () =>
    {
        action();
        Every(us, action);
    });

    public void RunUntil(long us)
    {
        while (_events.TryPeek(out _, out var key) && key.AtUs <= us)
        {
            var next = _events.Dequeue();
            NowUs = key.AtUs;
            next();
        }
        NowUs = us;
    }
}
