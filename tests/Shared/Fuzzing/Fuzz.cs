using System.Diagnostics;
using System.Globalization;
using CsCheck;

namespace FaaS.Tests.Shared.Fuzzing;

/// <summary>
/// Holds a property against many generated cases. In the suite these are the same ones each time; with
/// <c>FAAS_TEST_FUZZ=seconds</c> each target takes new ones for that long. A failure names the seed of its case, and
/// <c>FAAS_TEST_FUZZ_SEED</c> repeats that case alone.
/// </summary>
public static class Fuzz
{
    private const string SecondsVariable = "FAAS_TEST_FUZZ";
    private const string SeedVariable = "FAAS_TEST_FUZZ_SEED";
    private const int ShrinkSeconds = 5;

    /// <summary>Whether each target runs for a given time, with seeds nobody has seen.</summary>
    public static bool IsLong => Time > TimeSpan.Zero;

    /// <summary>Whether a single case is repeated: then how often what came about says nothing.</summary>
    public static bool IsOneCase => Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 };

    /// <summary>How long each target runs; zero in the suite.</summary>
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable(SecondsVariable), CultureInfo.InvariantCulture, out var seconds) ? seconds : 0);

    /// <summary>Checks cases that leave nothing behind; a failing one is made smaller.</summary>
    /// <param name="target">What is attacked, for the report.</param>
    /// <param name="cases">How many cases the suite takes.</param>
    /// <param name="gen">Makes a case.</param>
    /// <param name="check">Throws when the property does not hold.</param>
    /// <param name="print">Shows a case.</param>
    public static void Run<T>(string target, int cases, Gen<T> gen, Action<T> check, Func<T, string>? print = null)
    {
        ArgumentNullException.ThrowIfNull(gen);
        ArgumentNullException.ThrowIfNull(check);
        using var seeds = Seeds(target, cases).GetEnumerator();
        while (seeds.MoveNext())
        {
            var seed = seeds.Current.ToString();
            var made = gen.Generate(seeds.Current, null, out _);
            try
            {
                check(made);
            }
            catch (Exception error)
            {
                throw Failure(target, seed, Shrunk(gen, check, seed, print) ?? Shown(made, print), error);
            }
        }
    }

    /// <summary>Checks cases against something that lives on from one to the next, so a failing one is told as it is.</summary>
    /// <inheritdoc cref="Run{T}"/>
    public static async Task RunAsync<T>(
        string target, int cases, Gen<T> gen, Func<T, Task> check, Func<T, string>? print = null)
    {
        ArgumentNullException.ThrowIfNull(gen);
        ArgumentNullException.ThrowIfNull(check);
        foreach (var pcg in Seeds(target, cases))
        {
            var seed = pcg.ToString();
            var made = gen.Generate(pcg, null, out _);
            try
            {
                await check(made).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                throw Failure(target, seed, Shown(made, print), error);
            }
        }
    }

    private static IEnumerable<PCG> Seeds(string target, int cases)
    {
        if (Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } again)
        {
            yield return PCG.Parse(again);
            yield break;
        }
        var since = Stopwatch.GetTimestamp();
        var count = 0;
        for (; IsLong ? Stopwatch.GetElapsedTime(since) < Time : count < cases; count++)
            yield return IsLong ? new PCG((uint)count) : new PCG((uint)count, StableHash(target));
        Report($"fuzz {target}: {count} cases in {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    /// <summary>The suite's seeds stay the same from run to run, and differ between targets.</summary>
    private static ulong StableHash(string text)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var letter in text) hash = (hash ^ letter) * 1_099_511_628_211UL;
        return hash;
    }

    private static string? Shrunk<T>(Gen<T> gen, Action<T> check, string seed, Func<T, string>? print)
    {
        try
        {
            gen.Sample(check, seed: seed, time: ShrinkSeconds, threads: 1, print: made => Shown(made, print));
        }
        catch (CsCheckException smaller)
        {
            return smaller.Message;
        }
        return null;
    }

    private static string Shown<T>(T made, Func<T, string>? print) => print is null ? Check.Print(made) : print(made);

    private static InvalidOperationException Failure(string target, string seed, string shown, Exception error) => new(
        $"{target}: {error.Message}\nagain: {SeedVariable}={seed}, with this test's name as the filter\n{shown}", error);

    private static void Report(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
