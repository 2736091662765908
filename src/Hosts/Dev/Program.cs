using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Hosts.Dev;
using FaaS.Hosts.Dev.Split;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.Http;
using FaaS.Infrastructure.Http.Access;
using FaaS.Infrastructure.Sandbox;
using FaaS.Infrastructure.Sqlite;
using FaaS.Infrastructure.Telemetry;

if (args is ["split"]) return await SplitPlatform.RunAsync();

return await FaasHost.RunAsync(() =>
{
    var builder = FaasHost.CreateBuilder(args);
    var auth = AuthOptions.Read(
        builder.Configuration, AuthOptions.HasAdminKey(builder.Configuration) ? AuthMode.Keys : AuthMode.Open);
    builder.ListenForUsers(8080, auth.IsGuarded);
    var data = builder.Configuration["FAAS_DATA"] ?? "faas-data";
    builder.Services.AddSqlite(builder.Configuration["DB_URL"] ?? $"sqlite:{Path.Combine(data, "faas.db")}");
    builder.Services.AddSandbox();
    new ModuleComposition(builder.Services)
        .Activate<DbModule>().Activate<QueueModule>().Activate<WorkerModule>().Build();
    var secretKeys = builder.Configuration[SecretKeyFile.Variable] ?? SecretKeyFile.ReadUnlessGiven(builder.Configuration, data);
    builder.Services.PostConfigure<SecretOptions>(secrets => secrets.Take(secretKeys));
    // The workers die with the queue here, so a restarted queue has nothing to wait for.
    builder.Services.PostConfigure<QueueOptions>(queue => queue.AdoptionGrace = TimeSpan.Zero);
    builder.Services.AddFrontend(auth, auth is { Mode: AuthMode.Keys, AdminKey: null } ? AdminKeyFile.Hash(data) : null);
    builder.Services.AddTelemetry(builder.Configuration, "dev");
    var app = builder.Build();
    app.MapFrontend();
    app.MapMetrics().NeedsMetricsKey();
    return app;
});
