namespace FaaS.Tests.Shared.Scaling;

/// <summary>One job of a load.</summary>
/// <param name="AtUs">When it is submitted, in microseconds since the load began.</param>
/// <param name="Function">Its function's number; each function has an owner of its own.</param>
/// <param name="ServiceUs">How long it runs, in microseconds.</param>
internal readonly record struct LoadJob(long AtUs, int Function, long ServiceUs);

/// <summary>Jobs over time, all drawn from a seed.</summary>
/// <param name="Name">A word for it.</param>
/// <param name="About">What it is like.</param>
/// <param name="Seconds">How long it lasts.</param>
/// <param name="WarmUpSeconds">The beginning that is run and not measured.</param>
/// <param name="Functions">How many functions there are.</param>
/// <param name="Jobs">The jobs in the order of time.</param>
internal sealed record JobLoad(
    string Name, string About, int Seconds, int WarmUpSeconds, int Functions, IReadOnlyList<LoadJob> Jobs)
{
    /// <summary>Slots that are busy on average.</summary>
    public double OfferedSlots => Jobs.Sum(job => (double)job.ServiceUs) / 1e6 / Seconds;
}

/// <summary>The loads that rules are compared on.</summary>
internal static class Loads
{
    private const int Functions = 12;
    private const double ServiceSeconds = 0.25;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<JobLoad> All(int seed) =>
        [Steady(seed), Step(seed), Bursts(seed), OnOff(seed), Diurnal(seed), HeavyTail(seed)];

    /// <summary>The same rate all the time.</summary>
    /// <param name="seed">Makes it repeat.</param>
    /// <param name="perSecond">Jobs a second, of 250 ms on average.</param>
    /// <param name="seconds">How long it lasts, 5 minutes of warming up included.</param>
    public static JobLoad Steady(int seed, double perSecond = 40, int seconds = 1_200) =>
        Flow("steady", $"{perSecond:0.#} jobs a second all the time", seed, seconds, 300, perSecond, _ => perSecond);

    /// <summary>Ten times the rate from one second to the next, and back.</summary>
    public static JobLoad Step(int seed) => Flow(
        "step", "6 jobs a second, 60 for ten minutes, 6 again", seed, 1_500, 120, 60,
        at => at is >= 300 and < 900 ? 60 : 6);

    /// <summary>A trickle, and bursts that come when they like.</summary>
    public static JobLoad Bursts(int seed)
    {
        var random = new Random(seed);
        var trickle = Flow("", "", seed + 1, 1_200, 0, 5, _ => 5);
        var jobs = trickle.Jobs.ToList();
        for (var at = Exponential(random, 60); at < 1_200; at += Exponential(random, 60))
        {
            var count = (int)Exponential(random, 200);
            for (var left = count; left > 0; left--) jobs.Add(Draw(random, at + random.NextDouble()));
        }
        return Sorted("bursts", "5 jobs a second, and once a minute on average 200 more within a second", 1_200, 120, jobs);
    }

    /// <summary>A minute of work, two of silence.</summary>
    public static JobLoad OnOff(int seed) => Flow(
        "on-off", "50 jobs a second for a minute, then none for two", seed, 1_260, 180, 50, at => at % 180 < 60 ? 50 : 0);

    /// <summary>A day pressed into forty minutes.</summary>
    public static JobLoad Diurnal(int seed) => Flow(
        "diurnal", "a day in 40 minutes, from 5 jobs a second at night to 65 at noon", seed, 2_400, 120, 65,
        at => 35 - (30 * Math.Cos(2 * Math.PI * at / 2_400)));

    /// <summary>
    /// Two hundred functions in the shapes that Shahrad et al. found at Azure (USENIX ATC 2020): rates spread over many
    /// orders of magnitude, run times lognormal with a log-mean of -0.38 and a log-deviation of 2.36 between functions, in
    /// seconds; here cut at 60 s, our longest run, and scaled to 20 slots.
    /// </summary>
    public static JobLoad HeavyTail(int seed)
    {
        const int count = 200;
        var random = new Random(seed);
        var means = Enumerable.Range(0, count)
            .Select(_ => Math.Clamp(Math.Exp(-0.38 + (2.36 * Normal(random))), 0.001, 60)).ToArray();
        var rates = Enumerable.Range(0, count).Select(_ => Math.Pow(10, 1.5 * Normal(random))).ToArray();
        var scale = 20 / means.Zip(rates, (mean, rate) => mean * rate).Sum();
        var jobs = new List<LoadJob>();
        for (var function = 0; function < count; function++)
        {
            for (var at = Exponential(random, 1 / (rates[function] * scale)); at < 1_500;)
            {
                var service = Math.Min(60, LogNormal(random, means[function], 0.5));
                jobs.Add(new LoadJob((long)(at * 1e6), function, Math.Max(100, (long)(service * 1e6))));
                at += Exponential(random, 1 / (rates[function] * scale));
            }
        }
        return Sorted("heavy-tail", "200 functions, rates over orders of magnitude, runs of 1 ms to 60 s", 1_500, 300, jobs) with
        {
            Functions = count,
        };
    }

    /// <summary>A Poisson process of changing rate, by thinning (Lewis and Shedler, 1979).</summary>
    private static JobLoad Flow(
        string name, string about, int seed, int seconds, int warmUp, double most, Func<double, double> perSecond)
    {
        var random = new Random(seed);
        var jobs = new List<LoadJob>();
        for (var at = Exponential(random, 1 / most); at < seconds; at += Exponential(random, 1 / most))
            if (random.NextDouble() * most < perSecond(at)) jobs.Add(Draw(random, at));
        return new JobLoad(name, about, seconds, warmUp, Functions, jobs);
    }

    private static JobLoad Sorted(string name, string about, int seconds, int warmUp, List<LoadJob> jobs) => new(
        name, about, seconds, warmUp, Functions, [.. jobs.Where(job => job.AtUs < seconds * 1_000_000L).OrderBy(job => job.AtUs)]);

    private static LoadJob Draw(Random random, double at) => new(
        (long)(at * 1e6), random.Next(Functions), (long)(LogNormal(random, ServiceSeconds, Math.Sqrt(Math.Log(2))) * 1e6));

    private static double Exponential(Random random, double mean) => -mean * Math.Log(1 - random.NextDouble());

    /// <summary>With a deviation of the logarithm of √ln 2 it is as wide as its mean, like an exponential one.</summary>
    private static double LogNormal(Random random, double mean, double deviation) =>
        mean * Math.Exp((deviation * Normal(random)) - (deviation * deviation / 2));

    /// <summary>Box and Muller, 1958.</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
