namespace FaaS.Domain.Tests.Simulation;

internal enum FaultKind
{
    QueueCrash, QueueFreeze, SecondQueue, StoreCrash, StoreRefuses, StoreCut, WorkerDie, WorkerPause, WorkerLeave,
    ClockJump, NewTerms,
}

/// <summary>
/// Which faults a run has and how strong. Each seed has its own mixture: a run with every fault at once would hide
/// the bugs that need one fault alone.
/// </summary>
internal sealed class Faults
{
    public Faults(SimRandom random)
    {
        foreach (var kind in Enum.GetValues<FaultKind>())
            if (random.Chance(0.4)) Kinds.Add(kind);
        Loss = random.Chance(0.5) ? random.Below(60) / 1000.0 : 0;
        Duplication = random.Chance(0.5) ? random.Below(60) / 1000.0 : 0;
        Delay = random.Chance(0.5) ? random.Below(80) / 1000.0 : 0;
        StoreLoss = random.Chance(0.5) ? random.Below(150) / 1000.0 : 0;
        StoreSlow = random.Chance(0.5) ? random.Below(150) / 1000.0 : 0;
        GapMs = random.Between(800, 8_000);
        ForMs = random.Between(30_000, 90_000);
        ClientGapMs = random.Between(100, 1_500);
        Workers = 1 + random.Below(4);
        Crashes = random.Chance(0.5) ? 0.3 : 0.02;
    }

    public List<FaultKind> Kinds { get; } = [];

    /// <summary>Probability that a message between workers, clients and the queue vanishes.</summary>
    public double Loss { get; private set; }

    public double Duplication { get; private set; }

    /// <summary>Probability that it takes seconds instead of a millisecond.</summary>
    public double Delay { get; private set; }

    public double StoreLoss { get; private set; }

    public double StoreSlow { get; private set; }

    /// <summary>Mean time between faults.</summary>
    public long GapMs { get; }

    /// <summary>How long there are any.</summary>
    public long ForMs { get; }

    public long ClientGapMs { get; }

    public int Workers { get; private set; }

    /// <summary>Probability that a run of a flaky function crashes.</summary>
    public double Crashes { get; }

    public bool Over { get; private set; }

    public void Stop()
    {
        Over = true;
        Workers += 3;
        Loss = Duplication = Delay = StoreLoss = StoreSlow = 0;
        Kinds.Clear();
    }
}
