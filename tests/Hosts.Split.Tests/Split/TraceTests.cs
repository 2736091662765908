using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FaaS.Hosts.Tests.Deployments;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FaaS.Hosts.Tests.Split;

/// <summary>One job, followed through the processes that had it in hand.</summary>
public sealed class SplitTraceTests
{
    [Fact]
    public async Task Job_LeavesItsTraceInEachProcessItPasses()
    {
        await using var collector = WebApplication.CreateSlimBuilder().BuildCollector(out var sent);
        await collector.StartAsync();
        await using var platform = new SplitDeployment(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.Single()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("traced", "f", "() => 1");
        var job = (await client.RunAsync("traced", "f", "[]")).Res.GetString()!;
        // The trace's id is the job's, and four bytes that are always the same.
        byte[] trace = [.. Convert.FromHexString(job), .. "faas"u8];

        // Stopped, the parts have sent what they had.
        await platform.StopAsync(TimeSpan.FromSeconds(60));

        foreach (var part in (string[])["faas-frontend", "faas-queue", "faas-worker"])
            sent.Any(body => Has(body, Encoding.UTF8.GetBytes(part)) && Has(body, trace)).Should().BeTrue(part);
        sent.Any(body => Has(body, "faas-db"u8) && Has(body, "db.commit-jobs/1"u8)).Should().BeTrue("the commit goes on in db");
    }

    private static bool Has(byte[] body, ReadOnlySpan<byte> what) => body.AsSpan().IndexOf(what) >= 0;
}

/// <summary>An OTLP collector that keeps what it is sent.</summary>
internal static class Collector
{
    public static WebApplication BuildCollector(this WebApplicationBuilder builder, out ConcurrentQueue<byte[]> sent)
    {
        var taken = sent = new ConcurrentQueue<byte[]>();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapPost("/{**path}", async (HttpContext http) =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            taken.Enqueue(body.ToArray());
        });
        return app;
    }
}
