using System.Text;
using FaaS.Application.Worker;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>
/// One pool of real child processes for the tests that leave their children alive or don't mind losing them. The
/// collection runs them one after another: they share two cores.
/// </summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    private long _owners;

    public SandboxPool Pool { get; } = NewPool(new SandboxOptions { Slots = 2, Warm = 2 });

    public static SandboxPool NewPool(SandboxOptions options) =>
        new(Options.Create(options), TimeProvider.System, NullLogger<SandboxPool>.Instance);

    public ValueTask InitializeAsync()
    {
        Pool.Start();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => Pool.DisposeAsync();

    /// <summary>Runs a source for an owner nobody else is, so that no test puts another on probation.</summary>
    public Task<AttemptResult> RunAsync(
        string source, string arguments = "[]", int timeoutMs = 20_000, int memoryMiB = 128, string environment = "",
        CancellationToken stop = default) =>
        Pool.RunAsync(
            Call(source, arguments, timeoutMs, memoryMiB, Interlocked.Increment(ref _owners)) with
            {
                Environment = Encoding.UTF8.GetBytes(environment),
            },
            stop);

    /// <summary>Checks a source for a user nobody else is.</summary>
    public Task<SourceCheck> CheckAsync(byte[] source) =>
        Pool.CheckAsync($"user{Interlocked.Increment(ref _owners)}", source, CancellationToken.None);

    public static Invocation Call(
        string source, string arguments = "[]", int timeoutMs = 20_000, int memoryMiB = 128, long owner = -1, string? user = null)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(source);
        return new Invocation(
            user ?? $"user{owner}", owner, SourceHash.Of(bytes), bytes, Encoding.UTF8.GetBytes(arguments),
            new FunctionLimits(TimeSpan.FromMilliseconds(timeoutMs), memoryMiB));
    }

    public static async Task Eventually(Func<bool> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"It never came about that {what}.");
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}

[CollectionDefinition(Name, DisableParallelization = false)]
public sealed class SandboxCollection : ICollectionFixture<SandboxFixture>
{
    public const string Name = "sandbox";
}

internal static class AttemptResultExtensions
{
    public static string Text(this AttemptResult result) => Encoding.UTF8.GetString(result.Value);

    public static string LogText(this AttemptResult result) => Encoding.UTF8.GetString(result.Logs);
}
