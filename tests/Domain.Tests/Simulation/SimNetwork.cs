using FaaS.Domain.Jobs;

namespace FaaS.Domain.Tests.Simulation;

/// <summary>
/// Carries requests to whichever queue answers under its address, and answers back: lost, late, doubled and out of
/// order as the faults say. A caller that waited too long drops the answer when it comes after all.
/// </summary>
internal sealed class SimNetwork(World world)
{
    /// <summary>Sends a request.</summary>
    /// <param name="what">Its name, for the checker.</param>
    /// <param name="apply">Hands it to the queue; called once a copy that arrives.</param>
    /// <param name="answered">Takes the answer; null when none came in time.</param>
    /// <param name="timeoutMs">How long the caller waits.</param>
    public void Call<T>(
        string what, Action<SimHost, JobQueue, IReply<T>, QueueTime> apply, Action<Result<T>?> answered, long timeoutMs)
    {
        var open = true;
        void Answer(Result<T>? answer)
        {
            if (!open) return;
            open = false;
            answered(answer);
        }

        void Arrive()
        {
            if (world.Route() is not { } host) return;
            if (!host.IsReady)
            {
                Deliver(() => Answer(new Error(ErrorCode.Unavailable, "The queue is starting.", 1)));
                return;
            }
            host.Receive((queue, now) => apply(
                host, queue, new SimReply<T>(host, what, answer => Deliver(() => Answer(answer))), now));
        }

        Deliver(Arrive);
        if (world.Random.Chance(world.Faults.Duplication)) Deliver(Arrive);
        world.After(timeoutMs, () => Answer(null));
    }

    private void Deliver(Action arrive)
    {
        if (world.Random.Chance(world.Faults.Loss)) return;
        world.After(world.Random.Chance(world.Faults.Delay) ? world.Random.Between(5, 8_000) : 1, arrive);
    }
}

/// <summary>An answer's way out of a queue: at most once, and the host counts those still owed.</summary>
internal sealed class SimReply<T> : IReply<T>
{
    private readonly SimHost _host;
    private readonly string _what;
    private readonly Action<Result<T>> _send;
    private bool _answered;

    public SimReply(SimHost host, string what, Action<Result<T>> send)
    {
        _host = host;
        _what = what;
        _send = send;
        host.Owe(what, 1);
    }

    public void Reply(Result<T> answer)
    {
        if (_answered) _host.World.Checker.Fail($"{_what} was answered twice");
        _answered = true;
        if (_host.World.Plant == Plant.SwallowsReply && _what == "complete" && _host.World.Random.Chance(0.05)) return;
        _host.Owe(_what, -1);
        _send(answer);
    }
}

/// <summary>Looks at an answer on its way out.</summary>
internal sealed class Watched<T>(IReply<T> inner, Action<Result<T>> look) : IReply<T>
{
    public void Reply(Result<T> answer)
    {
        look(answer);
        inner.Reply(answer);
    }
}
