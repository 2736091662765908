using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FaaS.Hosts.Shared;

/// <summary>What all hosts have in common: settings, logs, the listening port, and the way they start and stop.</summary>
public static class FaasHost
{
    /// <summary>
    /// How long a stop may take in all. Longer than the worker's drain timeout, so that what drains is not cut off.
    /// </summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The setting that makes a host end when its standard input does: whoever started it is gone then.
    /// </summary>
    public const string EndWithInput = "FAAS_END_WITH_INPUT";

    /// <summary>A builder with the settings and logs every host has.</summary>
    /// <param name="args">The command line.</param>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.Logging.AddLines(builder.Configuration);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        // Why it does not start is said once, by RunAsync.
        var started = new Started();
        builder.Services.AddSingleton(started);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting",
            level => level >= (started.IsSo ? LogLevel.Information : LogLevel.Critical));
        // Hosted services stop one by one, the last registered first: the frontend, then worker, queue, db.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        return builder;
    }

    /// <summary>Starts, says where it listens, and runs until it is told to stop.</summary>
    /// <returns>
    /// The exit code: 0 after an orderly stop, 1 when it could not start, with the reason on stderr. With
    /// <c>health</c> on the command line it starts nothing, and the code says whether the host lives.
    /// </returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(build);
        if (await HealthCheck.RunAsync(Environment.GetCommandLineArgs()).ConfigureAwait(false) is { } verdict) return verdict;
        try
        {
            await using var app = build();
            await app.StartAsync().ConfigureAwait(false);
            app.Services.GetRequiredService<Started>().IsSo = true;
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>();
            foreach (var address in addresses?.Addresses ?? [])
            {
                // The log is for machines then, which read nothing else from the output.
                if (LogLines.IsForMachines(app.Configuration)) HostLog.Listening(app.Logger, address);
                else await Console.Out.WriteLineAsync($"Listening on {address}").ConfigureAwait(false);
            }
            if (app.Configuration[EndWithInput] == "1") EndWithInputOf(app.Lifetime);
            await app.WaitForShutdownAsync().ConfigureAwait(false);
            return 0;
        }
        catch (Exception error) when (Refusal.Of(error) is { } refusal)
        {
            await Console.Error.WriteLineAsync($"Cannot start: {refusal}").ConfigureAwait(false);
            return 1;
        }
    }

    /// <summary>A thread of its own: reading standard input cannot be cancelled, and must not hold up the exit.</summary>
    private static void EndWithInputOf(IHostApplicationLifetime lifetime)
    {
        var reader = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
                // Nobody has anything to say to it.
            }
            lifetime.StopApplication();
        })
        {
            IsBackground = true,
            Name = "end with input",
        };
        reader.Start();
    }

    /// <summary>Whether the host has started.</summary>
    private sealed class Started
    {
        private volatile bool _isSo;

        public bool IsSo
        {
            get => _isSo;
            set => _isSo = value;
        }
    }
}
