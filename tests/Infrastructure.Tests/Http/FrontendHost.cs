using System.Collections.Concurrent;
using System.Net;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Http;
using FaaS.Infrastructure.Http.Access;
using FaaS.Tests.Shared.Rest;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>The frontend on a real server and a port of its own, before a fake platform.</summary>
internal sealed class FrontendHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _checkedFor;

    private FrontendHost(WebApplication app, ConcurrentQueue<string> checkedFor)
    {
        _app = app;
        _checkedFor = checkedFor;
        Rest = new RestClient(new Uri(app.Urls.Single()));
    }

    public RestClient Rest { get; }

    /// <summary>All its routes.</summary>
    public IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints)];

    /// <summary>The users whose sources were checked, one a check.</summary>
    public IReadOnlyList<string> CheckedFor => [.. _checkedFor];

    public static async Task<FrontendHost> StartAsync(
        FakePlatform platform, SourceCheck? check = null, params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => new KeyValuePair<string, string?>(setting.Name, setting.Value)));
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IMediator>(platform);
        builder.Services.AddSingleton(TimeProvider.System);
        var checkedFor = new ConcurrentQueue<string>();
        builder.Services.AddSingleton<ISandbox>(new Checker(check ?? new SourceCheck(true, null, null, null), checkedFor));
        builder.Services.AddFrontend(new AuthOptions { Mode = AuthMode.Open });
        var app = builder.Build();
        app.MapFrontend();
        await app.StartAsync();
        return new FrontendHost(app, checkedFor);
    }

    /// <summary>Tells the frontend that the platform is about to stop, and leaves it running.</summary>
    public void BeginStop() => _app.Lifetime.StopApplication();

    public async ValueTask DisposeAsync()
    {
        Rest.Dispose();
        await _app.DisposeAsync();
    }

    private sealed class Checker(SourceCheck verdict, ConcurrentQueue<string> checkedFor) : ISandbox
    {
        public int Slots => 1;

        public Task<AttemptResult> RunAsync(Invocation invocation, CancellationToken stop) => throw new NotSupportedException();

        public int SlotsFor(string user) => 1;

        public Task<SourceCheck> CheckAsync(string user, ReadOnlyMemory<byte> source, CancellationToken cancellation)
        {
            checkedFor.Enqueue(user);
            return Task.FromResult(verdict);
        }
    }
}
