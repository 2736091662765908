using System.Net;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Infrastructure.Http;
using FaaS.Infrastructure.Http.Access;
using FaaS.Infrastructure.Sandbox;
using FaaS.Infrastructure.Sqlite;
using FaaS.Infrastructure.Telemetry;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Tests.Telemetry;

/// <summary>All parts in one process, as in Dev, with what they measure and trace.</summary>
internal sealed class WholePlatform : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;

    private WholePlatform(WebApplication app, DirectoryInfo folder)
    {
        _app = app;
        _folder = folder;
        Rest = new RestClient(new Uri(app.Urls.Single()));
    }

    public RestClient Rest { get; }

    public static async Task<WholePlatform> StartAsync(params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("faas-telemetry-");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration["Sandbox:Slots"] = "1";
        builder.Configuration["Queue:AdoptionGrace"] = "00:00:00";
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => new KeyValuePair<string, string?>(setting.Name, setting.Value)));
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSqlite($"sqlite:{Path.Combine(folder.FullName, "faas.db")}");
        builder.Services.AddSandbox();
        new ModuleComposition(builder.Services)
            .Activate<DbModule>().Activate<QueueModule>().Activate<WorkerModule>().Build();
        builder.Services.AddFrontend(new AuthOptions { Mode = AuthMode.Open });
        builder.Services.AddTelemetry(builder.Configuration, "test");
        var app = builder.Build();
        app.MapFrontend();
        app.MapMetrics().NeedsMetricsKey();
        await app.StartAsync();
        return new WholePlatform(app, folder);
    }

    /// <summary>Registers a function once the platform takes requests.</summary>
    public async Task RegisterAsync(string user, string function, string source)
    {
        await Eventually.HoldsAsync(
            async () => (await Rest.GetAsync("/health/ready")).Status == 200, TimeSpan.FromSeconds(60));
        await Rest.RegisterAsync(user);
        await Rest.RegisterAsync(user, function, source);
    }

    public async ValueTask DisposeAsync()
    {
        Rest.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
