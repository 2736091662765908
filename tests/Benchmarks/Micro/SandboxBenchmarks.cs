using System.Globalization;
using System.Text;
using BenchmarkDotNet.Attributes;
using FaaS.Application.Worker;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox;
using Microsoft.Extensions.Logging.Abstractions;

namespace FaaS.Benchmarks.Micro;

/// <summary>One invocation through the pool and a child process.</summary>
[MemoryDiagnoser]
public class SandboxBenchmarks
{
    private SandboxPool _pool = null!;
    private Invocation _warm = null!;
    private int _new;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _pool = new SandboxPool(Microsoft.Extensions.Options.Options.Create(new SandboxOptions { Slots = 2, Warm = 2 }), TimeProvider.System, NullLogger<SandboxPool>.Instance);
        _pool.Start();
        _warm = Call("(a, b) => a + b");
        for (var at = 0; at < 50; at++)
        {
            var result = await _pool.RunAsync(_warm, CancellationToken.None).ConfigureAwait(false);
            // A benchmark of children that cannot be started would be fast, and worth nothing.
            if (result.Outcome != Outcome.Success || Encoding.UTF8.GetString(result.Value) != "11")
                throw new InvalidOperationException($"The sandbox does not work: {result.Outcome} {result.Error?.Text}");
        }
    }

    [GlobalCleanup]
    public ValueTask CleanupAsync() => _pool.DisposeAsync();

    [Benchmark(Baseline = true)]
    public Task<AttemptResult> Warm() => _pool.RunAsync(_warm, CancellationToken.None);

    /// <summary>A function that no child has seen yet.</summary>
    [Benchmark]
    public Task<AttemptResult> FirstRun() => _pool.RunAsync(
        Call(string.Create(CultureInfo.InvariantCulture, $"(a, b) => a + b + {++_new}")), CancellationToken.None);

    private static Invocation Call(string source)
    {
        var bytes = Encoding.UTF8.GetBytes(source);
        return new Invocation("ann", 1, SourceHash.Of(bytes), bytes, "[5,6]"u8.ToArray(), FunctionLimits.Default);
    }
}
