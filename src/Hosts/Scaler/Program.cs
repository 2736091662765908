using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Scaler;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.Fleet;
using FaaS.Infrastructure.NetMq;
using FaaS.Infrastructure.Telemetry;

return await FaasHost.RunAsync(() =>
{
    var builder = FaasHost.CreateBuilder(args).ListenForOperators("PORT", 28447);
    var queue = builder.Configuration["JQ_URL"];
    var modules = new ModuleComposition(builder.Services).Connect<QueueModule>(queue, "JQ_URL");
    builder.Services.AddNetMqClient(builder.Configuration, "queue", Roles.Scaler, queue!);
    builder.Services.AddFleet(builder.Configuration);
    builder.Services.AddSingleton<WorkerOutput>(new ChildLines(builder.Configuration).Write);
    modules.Activate<ScalerModule>().Build();
    builder.Services.AddTelemetry(builder.Configuration, "scaler");
    var app = builder.Build();
    app.MapOperations();
    app.MapMetrics();
    return app;
});
