using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Hosts.Shared;
using FaaS.Infrastructure.Mongo;
using FaaS.Infrastructure.NetMq;
using FaaS.Infrastructure.Sqlite;
using FaaS.Infrastructure.Telemetry;

return await FaasHost.RunAsync(() =>
{
    var builder = FaasHost.CreateBuilder(args).ListenForOperators("HEALTH_PORT", 28444);
    var url = builder.Configuration["DB_URL"] ?? throw new CompositionException(
        "DB_URL is not set; it must be mongodb://<host>/<database> or sqlite:<file>.");
    // What is registered first stops last: the store outlives those who ask it.
    if (url.StartsWith("sqlite:", StringComparison.Ordinal)) builder.Services.AddSqlite(url);
    else builder.Services.AddMongo(url);
    new ModuleComposition(builder.Services).Serve<DbModule>().Build();
    builder.Services.PostConfigure<SecretOptions>(secrets => secrets.Take(builder.Configuration["FAAS_SECRET_KEYS"]));
    builder.Services.AddNetMqServer(
        builder.Configuration, Listening.AddressText(builder.Configuration), Listening.Port(builder.Configuration, "PORT", 27444));
    builder.Services.AddTelemetry(builder.Configuration, "db");
    var app = builder.Build();
    app.MapOperations();
    app.MapMetrics();
    return app;
});
