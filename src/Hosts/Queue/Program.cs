using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.NetMq;
using FaaS.Infrastructure.Telemetry;

return await FaasHost.RunAsync(() =>
{
    var builder = FaasHost.CreateBuilder(args).ListenForOperators("HEALTH_PORT", 28445);
    var db = builder.Configuration["DB_URL"];
    // What is registered first stops last: the server, then the loop with its last commits, then the way to Db.
    var modules = new ModuleComposition(builder.Services).Connect<DbModule>(db, "DB_URL");
    builder.Services.AddNetMqClient(builder.Configuration, "db", Roles.Queue, db!);
    modules.Serve<QueueModule>().Build();
    builder.Services.AddNetMqServer(
        builder.Configuration, Listening.AddressText(builder.Configuration), Listening.Port(builder.Configuration, "PORT", 27445));
    builder.Services.AddTelemetry(builder.Configuration, "queue");
    var app = builder.Build();
    app.MapOperations();
    app.MapMetrics();
    return app;
});
