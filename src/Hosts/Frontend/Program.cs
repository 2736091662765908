using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.Http;
using FaaS.Infrastructure.Http.Access;
using FaaS.Infrastructure.NetMq;
using FaaS.Infrastructure.Sandbox;
using FaaS.Infrastructure.Telemetry;

return await FaasHost.RunAsync(() =>
{
    var builder = FaasHost.CreateBuilder(args);
    var auth = AuthOptions.Read(builder.Configuration, AuthMode.Keys);
    builder.ListenForUsers(8080, auth.IsGuarded);
    var (db, queue) = (builder.Configuration["DB_URL"], builder.Configuration["JQ_URL"]);
    new ModuleComposition(builder.Services)
        .Connect<DbModule>(db, "DB_URL").Connect<QueueModule>(queue, "JQ_URL").Build();
    builder.Services.AddNetMqClient(builder.Configuration, "db", Roles.Frontend, db!)
        .AddNetMqClient(builder.Configuration, "queue", Roles.Frontend, queue!);
    // One child checks sources when functions are registered; nothing is run here.
    builder.Services.AddSandbox().PostConfigure<SandboxOptions>(sandbox => sandbox.Slots = sandbox.Warm = 1);
    builder.Services.AddFrontend(auth);
    builder.Services.AddTelemetry(builder.Configuration, "frontend");
    var app = builder.Build();
    app.MapFrontend();
    app.MapMetrics().NeedsMetricsKey();
    return app;
});
