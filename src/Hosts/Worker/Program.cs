using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Worker;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.NetMq;
using FaaS.Infrastructure.Sandbox;
using FaaS.Infrastructure.Telemetry;

return await FaasHost.RunAsync(() =>
{
    var builder = FaasHost.CreateBuilder(args).ListenForOperators("PORT", 28446);
    var (db, queue) = (builder.Configuration["DB_URL"], builder.Configuration["JQ_URL"]);
    // What is registered first stops last: the worker drains while it can still report.
    var modules = new ModuleComposition(builder.Services)
        .Connect<DbModule>(db, "DB_URL").Connect<QueueModule>(queue, "JQ_URL");
    builder.Services.AddNetMqClient(builder.Configuration, "db", Roles.Worker, db!)
        .AddNetMqClient(builder.Configuration, "queue", Roles.Worker, queue!);
    builder.Services.AddSandbox();
    modules.Activate<WorkerModule>().Build();
    builder.Services.AddTelemetry(builder.Configuration, "worker");
    var app = builder.Build();
    app.MapOperations();
    app.MapMetrics();
    return app;
});
