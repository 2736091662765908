using System.ComponentModel;
using System.Globalization;
using FaaS.Application.Scaler;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Fleet.Processes;

/// <summary>
/// Workers as children of the scaler's process. They hang on it by their standard input: however the scaler ends, they
/// see the end of it, drain and end, and the next scaler starts others. A worker that ends by itself is not replaced
/// here; it is no longer counted, so the next <see cref="ScaleToAsync"/> starts another.
/// </summary>
internal sealed class ProcessFleet : IWorkerFleet, IHostedService, IDisposable
{
    private const string DrainTimeoutSetting = "Worker:DrainTimeout";

    /// <summary>The worker's own default.</summary>
    private static readonly TimeSpan DrainTimeoutDefault = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan KillMargin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HealthPatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);

    /// <summary>A worker that ends before it was ready for that long has been of no use.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();

    /// <summary>Those that are alive, in the order of their starts.</summary>
    private readonly List<WorkerProcess> _workers = [];

    private readonly ProcessFleetOptions _options;
    private readonly TimeSpan _leaveTimeout;
    private readonly WorkerLauncher _launcher;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StartBackoff _backoff;
    private readonly OutputQueue _output;
    private readonly FleetJournal _journal;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = HealthPatience };
    private string _trouble = "";
    private int _started;
    private bool _isStopping;

    public ProcessFleet(
        IOptions<ProcessFleetOptions> options, IConfiguration configuration, WorkerLauncher launcher, WorkerOutput output,
        TimeProvider time, ILogger<ProcessFleet> logger)
    {
        (_options, _launcher, _time, _logger) = (options.Value, launcher, time, logger);
        _backoff = new StartBackoff(_options.BackoffMin, _options.BackoffMax, time);
        _output = new OutputQueue(output);
        _journal = new FleetJournal(logger, Name);
        // The workers inherit the scaler's settings, so theirs can be read here.
        var drained = configuration.GetValue(DrainTimeoutSetting, DrainTimeoutDefault) + KillMargin;
        _leaveTimeout = _options.LeaveTimeout > drained ? _options.LeaveTimeout : drained;
    }

    /// <inheritdoc/>
    public string Name => "process";

    /// <inheritdoc/>
    public async Task<FleetAnswer> CurrentAsync(CancellationToken cancellationToken)
    {
        WorkerProcess[] starting;
        lock (_gate) starting = [.. _workers.Where(worker => worker.State == WorkerState.Starting)];
        var ready = await Task.WhenAll(starting.Select(worker => IsReadyAsync(worker, cancellationToken))).ConfigureAwait(false);
        lock (_gate)
        {
            foreach (var (worker, isReady) in starting.Zip(ready)) Take(worker, isReady);
            foreach (var worker in _workers)
                if (worker.State == WorkerState.Running && _time.GetElapsedTime(worker.ChangedAt) >= Soon)
                    _backoff.Settled(worker.StartedAt);
            return FleetAnswer.Done(Count());
        }
    }

    /// <inheritdoc/>
    public Task<FleetAnswer> ScaleToAsync(int workers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var staying = Staying();
            foreach (var worker in staying.Take(staying.Count - workers)) LetGo(worker);
            return Task.FromResult(_journal.Write($"have {workers} workers", Start(workers - staying.Count)));
        }
    }

    /// <inheritdoc/>
    public Task<FleetAnswer> DrainAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(names);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            foreach (var worker in Staying().Where(worker => names.Contains(worker.Name))) LetGo(worker);
            return Task.FromResult(FleetAnswer.Done(Count()));
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lets all go and waits for them. Those that still drain when the host has no more time end by themselves.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] ends;
        lock (_gate)
        {
            _isStopping = true;
            foreach (var worker in Staying()) LetGo(worker);
            ends = [.. _workers.Select(worker => worker.Ended)];
        }
        try
        {
            await Task.WhenAll(ends).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ProcessFleetLog.StillDraining(_logger, ends.Count(end => !end.IsCompleted));
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _output.Dispose();
    }

    /// <summary>Those that start, then those that run; the newest first in both.</summary>
    private List<WorkerProcess> Staying() =>
        [.. _workers.Where(worker => worker.State != WorkerState.Draining && !worker.HasExited).Reverse()
            .OrderBy(worker => worker.State)];

    private FleetWorkers Count()
    {
        var staying = Staying();
        var running = staying.Count(worker => worker.State == WorkerState.Running);
        return new FleetWorkers(
            running, staying.Count - running, _workers.Count(worker => worker.State == WorkerState.Draining),
            [.. staying.Select(worker => worker.Name)]);
    }

    private FleetAnswer Start(int missing)
    {
        for (; missing > 0; missing--)
        {
            if (_isStopping) return FleetAnswer.Fail(FleetOutcome.Refused, "The scaler stops, and its workers with it.");
            if (_workers.Count >= _options.ProcessesMax)
                return FleetAnswer.Fail(FleetOutcome.Refused, string.Create(CultureInfo.InvariantCulture,
                    $"There are {_workers.Count} processes, those that drain included; ProcessFleet:ProcessesMax allows no more."));
            var starting = _workers.Where(worker => worker.State == WorkerState.Starting);
            if (!_backoff.Allows(starting.Select(worker => worker.StartedAt)))
                return FleetAnswer.Fail(FleetOutcome.Refused, string.Create(CultureInfo.InvariantCulture,
                    $"Workers end before they are of use, {_backoff.Failures} times in a row ({_trouble}): after " +
                    $"{_backoff.Pause.TotalSeconds:0.#} s one is tried alone."));
            if (StartOne() is { } failure) return failure;
        }
        return FleetAnswer.Done(Count());
    }

    private FleetAnswer? StartOne()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"worker-{_started + 1}");
        var now = _time.GetTimestamp();
        try
        {
            var port = WorkerLauncher.FreePort([.. _workers.Select(other => other.Port)]);
            var worker = new WorkerProcess(name, port, _launcher.Start(port), _output.Open(name), now) { ChangedAt = now };
            _started++;
            _workers.Add(worker);
            worker.Ended = WatchAsync(worker);
            ProcessFleetLog.Starting(_logger, name, worker.Id, port);
            return null;
        }
        catch (Exception error) when (error is Win32Exception or IOException or InvalidOperationException)
        {
            _trouble = error.Message;
            _backoff.Failed(now);
            ProcessFleetLog.CannotStart(_logger, name, error.Message, _backoff.Pause);
            return FleetAnswer.Fail(FleetOutcome.Unreachable, $"A worker cannot be started: {error.Message}");
        }
    }

    private void LetGo(WorkerProcess worker)
    {
        (worker.State, worker.ChangedAt) = (WorkerState.Draining, _time.GetTimestamp());
        ProcessFleetLog.ToldToLeave(_logger, worker.Name);
        worker.Terminate();
        _ = KillLateAsync(worker);
    }

    private async Task KillLateAsync(WorkerProcess worker)
    {
        try
        {
            await worker.Ended.WaitAsync(_leaveTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ProcessFleetLog.Killing(_logger, worker.Name, _leaveTimeout);
            lock (_gate) worker.Kill();
        }
    }

    /// <summary>Waits for a worker's end, and forgets it.</summary>
    private async Task WatchAsync(WorkerProcess worker)
    {
        var code = await worker.WaitForExitAsync().ConfigureAwait(false);
        WorkerState state;
        bool isFailure;
        lock (_gate)
        {
            _workers.Remove(worker);
            state = worker.State;
            isFailure = (state == WorkerState.Starting
                || (state == WorkerState.Running && _time.GetElapsedTime(worker.ChangedAt) < Soon))
                && _backoff.Failed(worker.StartedAt);
        }
        await worker.WaitForLinesAsync().ConfigureAwait(false);
        if (state == WorkerState.Draining)
            ProcessFleetLog.HasLeft(_logger, worker.Name, _time.GetElapsedTime(worker.ChangedAt).TotalMilliseconds, code);
        else Mourn(worker, code, isFailure);
        lock (_gate) worker.Dispose();
    }

    private void Mourn(WorkerProcess worker, int code, bool isFailure)
    {
        var why = string.Create(CultureInfo.InvariantCulture, $"code {code}: {worker.LastError ?? "it said nothing"}");
        ProcessFleetLog.Ended(_logger, worker.Name, why);
        if (!isFailure) return;
        lock (_gate) _trouble = why;
        ProcessFleetLog.BacksOff(_logger, _backoff.Failures, _backoff.Pause);
    }

    private void Take(WorkerProcess worker, bool isReady)
    {
        // It may have been let go, or have ended, while it was asked.
        if (worker.State != WorkerState.Starting || worker.HasExited) return;
        var elapsed = _time.GetElapsedTime(worker.StartedAt);
        if (isReady)
        {
            (worker.State, worker.ChangedAt) = (WorkerState.Running, _time.GetTimestamp());
            _backoff.Ready(worker.StartedAt);
            ProcessFleetLog.Ready(_logger, worker.Name, elapsed.TotalMilliseconds);
        }
        else if (elapsed >= StartPatience && !worker.IsKnownToBeSlow)
        {
            worker.IsKnownToBeSlow = true;
            ProcessFleetLog.NotReady(_logger, worker.Name, elapsed.TotalSeconds, WorkerLauncher.Ready(worker.Port));
        }
        else if (elapsed >= StartTimeout && _workers.Exists(other => other.State == WorkerState.Running))
        {
            // Others found what they need: this one will not, and another may. It is let go as any other: on a starved
            // machine it may have no time to answer, and run jobs all the same.
            LetGo(worker);
        }
    }

    private async Task<bool> IsReadyAsync(WorkerProcess worker, CancellationToken cancellation)
    {
        try
        {
            using var answer = await _http.GetAsync(WorkerLauncher.Ready(worker.Port), cancellation).ConfigureAwait(false);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (
            error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
