using System.Collections.Concurrent;
using FaaS.Application.Messaging;
using FaaS.Application.Scaler;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Infrastructure.Fleet;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FaaS.Hosts.Tests.Fleet;

/// <summary>The fleet of processes in the hands of a test: no scaler decides, and the workers are the test's children.</summary>
internal sealed class FleetInHand : IAsyncDisposable
{
    /// <summary>Lines kept of each worker: one of them may print without end.</summary>
    private const int LinesMax = 20_000;

    private readonly ServiceProvider _services;
    private readonly IHostedService[] _hosted;
    private readonly Journal _journal = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _lines = new();
    private bool _isStopped;

    /// <param name="platform">Whom the workers work for.</param>
    /// <param name="settings">The scaler's settings.</param>
    public FleetInHand(SplitDeployment platform, params (string Name, string Value)[] settings)
    {
        Dictionary<string, string?> given = new()
        {
            ["Fleet:Kind"] = "Process",
            ["DB_URL"] = $"tcp://127.0.0.1:{platform.DbPort}",
            ["JQ_URL"] = $"tcp://127.0.0.1:{platform.QueuePort}",
            ["ProcessFleet:WorkerRoleKey"] = RoleKeys.FromSecret(SplitDeployment.Secret).Export(Roles.Worker),
        };
        foreach (var (name, value) in settings) given[name] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(given).Build();
        _services = new ServiceCollection().AddLogging(logging => logging.AddProvider(_journal))
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<WorkerOutput>(Take)
            .AddFleet(configuration).BuildServiceProvider();
        _hosted = [.. _services.GetServices<IHostedService>()];
        Fleet = _services.GetRequiredService<IWorkerFleet>();
    }

    public IWorkerFleet Fleet { get; }

    /// <summary>What a worker has printed.</summary>
    public IReadOnlyList<string> Lines(string worker) => [.. _lines.GetValueOrDefault(worker, [])];

    /// <summary>What the fleet has logged, by the names of its messages' parts.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, object?>> Events => [.. _journal.Events];

    public string Log => string.Join('\n',
        _journal.Texts.Concat(_lines.SelectMany(lines => lines.Value.Select(line => $"{lines.Key} | {line}"))));

    /// <summary>The process of a worker.</summary>
    public int Process(string worker) => (int)Events.Single(
        happened => happened.ContainsKey("Pid") && (string?)happened["Worker"] == worker)["Pid"]!;

    /// <summary>Waits until the fleet says so.</summary>
    public async Task<FleetWorkers> UntilAsync(Func<FleetWorkers, bool> holds)
    {
        FleetWorkers? last = null;
        try
        {
            await Eventually.HoldsAsync(
                async () => holds(last = (await Fleet.CurrentAsync(default)).Workers!), TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{last}\n{Log}", error);
        }
        return last!;
    }

    /// <summary>What a host does that stops.</summary>
    public async Task StopAsync()
    {
        _isStopped = true;
        foreach (var hosted in _hosted) await hosted.StopAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isStopped) await StopAsync();
        await _services.DisposeAsync();
    }

    private void Take(string worker, string line)
    {
        var lines = _lines.GetOrAdd(worker, _ => new());
        if (lines.Count < LinesMax) lines.Enqueue(line);
    }

    /// <summary>Keeps what is logged.</summary>
    private sealed class Journal : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<IReadOnlyDictionary<string, object?>> Events { get; } = new();

        public ConcurrentQueue<string> Texts { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Texts.Enqueue(formatter(state, exception));
            if (state is IReadOnlyList<KeyValuePair<string, object?>> parts) Events.Enqueue(parts.ToDictionary());
        }

        public void Dispose()
        {
        }
    }
}
