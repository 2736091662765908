using System.Diagnostics;
using System.Net;

namespace FaaS.Benchmarks.Load;

/// <summary>The platform under load: one that runs already, or Dev started here on a directory of its own.</summary>
internal sealed class Platform : IAsyncDisposable
{
    /// <summary>Far over the 5 s in which a million jobs are to be reloaded.</summary>
    private static readonly TimeSpan StartMax = TimeSpan.FromMinutes(2);

    /// <summary>Its drain timeout of 30 s, and as much again.</summary>
    private static readonly TimeSpan StopMax = TimeSpan.FromMinutes(1);

    private readonly string? _data;
    private readonly PlatformKind _kind;
    private Process? _process;

    private Platform(string? data, PlatformKind kind) => (_data, _kind) = (data, kind);

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>Its process id, when it was started here; else 0.</summary>
    public int Pid => _process?.Id ?? 0;

    public double CpuSeconds() => Pid == 0 ? 0 : ProcessTree.CpuSeconds(Pid);

    /// <summary>Connects to <paramref name="url"/>, or starts the kind that is asked for when it is null.</summary>
    public static async Task<Platform> OpenAsync(string? url, PlatformKind kind)
    {
        if (url is not null)
        {
            var uri = new Uri(url);
            return new Platform(null, kind)
            {
                Address = new((await Dns.GetHostAddressesAsync(uri.Host, System.Net.Sockets.AddressFamily.InterNetwork).ConfigureAwait(false))[0], uri.Port),
            };
        }
        var platform = new Platform(Directory.CreateTempSubdirectory("faas-bench-").FullName, kind);
        try
        {
            await platform.StartAsync().ConfigureAwait(false);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>SIGTERM, then a start on the same data; returns the seconds of the stop, and from start to ready.</summary>
    public async Task<(double Stop, double Ready)> RestartAsync()
    {
        var stopping = Stopwatch.GetTimestamp();
        await StopAsync().ConfigureAwait(false);
        var starting = Stopwatch.GetTimestamp();
        await StartAsync().ConfigureAwait(false);
        return (Stopwatch.GetElapsedTime(stopping, starting).TotalSeconds, Stopwatch.GetElapsedTime(starting).TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        if (_data is not null) Directory.Delete(_data, recursive: true);
    }

    private async Task StartAsync()
    {
        var host = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../FaaS.Hosts.Dev/release/FaaS.Hosts.Dev.dll"));
        if (!File.Exists(host)) throw new FileNotFoundException("Build it first: dotnet build -c Release src/Hosts/Dev", host);
        var start = new ProcessStartInfo("dotnet", [host, .. _kind.Arguments]) { RedirectStandardOutput = true };
        foreach (var (name, value) in _kind.Settings) start.Environment[name] = value;
        start.Environment["PORT"] = "0";
        start.Environment["FAAS_DATA"] = _data!;
        start.Environment["Functions__Timeout"] = "00:59:00";
        _process = Process.Start(start)!;
        while (true)
        {
            var line = await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false)
                ?? throw new InvalidOperationException("Dev ended before it listened.");
            if (!line.StartsWith("Listening on ", StringComparison.Ordinal)) continue;
            Address = new(IPAddress.Loopback, new Uri(line["Listening on ".Length..]).Port);
            break;
        }
        // Nobody reads its log, but a full pipe would stop it.
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        using var client = new RawClient(Address);
        await client.ConnectAsync().ConfigureAwait(false);
        var ready = RawClient.Encode("GET", "/health/ready");
        var begun = Stopwatch.GetTimestamp();
        while (await client.SendAsync(ready).ConfigureAwait(false) != 200)
        {
            if (Stopwatch.GetElapsedTime(begun) > StartMax)
                throw new TimeoutException($"Dev is not ready after {StartMax}: {client.Text()}");
            await Task.Delay(5).ConfigureAwait(false);
        }
    }

    private async Task StopAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            using var bound = new CancellationTokenSource(StopMax);
            try
            {
                await _process.WaitForExitAsync(bound.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"Dev did not stop within {StopMax}; killed.").ConfigureAwait(false);
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        else
        {
            await Console.Error.WriteLineAsync($"Dev had ended by itself, with {_process.ExitCode}.").ConfigureAwait(false);
        }
        _process.Dispose();
        _process = null;
    }
}
