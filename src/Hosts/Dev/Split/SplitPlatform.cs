using System.Runtime.InteropServices;
using FaaS.Application.Messaging;
using Microsoft.Extensions.Configuration;

namespace FaaS.Hosts.Dev.Split;

/// <summary>
/// The platform as real processes that speak ZeroMQ on the loopback address, started and stopped together: four parts,
/// and the workers that the scaler starts. A part that dies is started again, so that one can kill them and watch the
/// platform heal.
/// </summary>
internal sealed class SplitPlatform : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly PartLines _lines = new();
    private readonly PartProcess[] _parts;
    private readonly Uri _url;
    private readonly CancellationTokenSource _stop = new();

    private SplitPlatform(IConfiguration configuration)
    {
        var plans = PartPlan.All(configuration);
        _parts = [.. plans.Select(plan => new PartProcess(plan, _lines))];
        _url = PartPlan.FrontendUrl(plans);
    }

    /// <summary>Runs the parts until SIGINT or SIGTERM.</summary>
    /// <returns>0 when all stopped in order, else 1.</returns>
    public static async Task<int> RunAsync()
    {
        try
        {
            var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
            using var platform = new SplitPlatform(configuration);
            return await platform.RunPartsAsync().ConfigureAwait(false);
        }
        catch (CompositionException error)
        {
            await Console.Error.WriteLineAsync($"Cannot start: {error.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    public void Dispose() => _stop.Dispose();

    private async Task<int> RunPartsAsync()
    {
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        var runs = _parts.Select(part => part.RunAsync()).ToArray();
        var stopped = Task.Delay(Timeout.Infinite, _stop.Token);
        var announced = AnnounceAsync();
        var first = await Task.WhenAny([stopped, .. runs]).ConfigureAwait(false);
        if (first != stopped) _lines.Write("A part cannot run; stopping the others.");
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var turn in _parts.GroupBy(part => part.Plan.StopTurn).OrderBy(turn => turn.Key))
            await Task.WhenAll(turn.Select(part => part.StopAsync())).ConfigureAwait(false);
        await announced.ConfigureAwait(false);
        var codes = await Task.WhenAll(runs).ConfigureAwait(false);
        return first == stopped && codes.All(code => code == 0) ? 0 : 1;
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _stop.Cancel();
    }

    /// <summary>Says where the platform is once it can be used.</summary>
    private async Task AnnounceAsync()
    {
        using var http = new HttpClient { BaseAddress = _url };
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (await IsReadyAsync(http).ConfigureAwait(false))
                {
                    _lines.Write($"Listening on {_url.GetLeftPart(UriPartial.Authority)}");
                    return;
                }
                await Task.Delay(Poll, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It stops before it was ready.
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative), _stop.Token).ConfigureAwait(false);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
