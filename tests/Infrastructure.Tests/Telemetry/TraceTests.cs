using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Tests.Telemetry;

/// <summary>Whole platforms with their sandboxes, and listeners that hear the whole process: one at a time.</summary>
[CollectionDefinition("telemetry", DisableParallelization = true)]
public sealed class TelemetryCollection;

/// <summary>What leaves the process over OTLP.</summary>
[Collection("telemetry")]
public sealed class TraceTests
{
    private static readonly byte[] ClientTrace = Convert.FromHexString("0af7651916cd43dd8448eb211c80319c");

    [Fact]
    public async Task Job_WhenACollectorIsSet_IsExportedUnderItsOwnTraceId()
    {
        await using var collector = await Collector.StartAsync();
        JobId job;
        await using (var platform = await WholePlatform.StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")))
        {
            await platform.RegisterAsync("ann", "one", "() => 1");
            var answer = await platform.Rest.PostAsync("/u/ann/fn/one/run", "[]",
                ("Prefer", "wait=30"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
            job = JobId.Parse(answer.Word);
        }

        // Stopped, the platform has sent what it had.
        byte[] trace = [.. job.ToBytes(), .. "faas"u8];
        var spans = collector.Spans(trace);
        spans.Should().BeEquivalentTo("submit", "store", "wait", "run", "lease", "complete");
        collector.Paths.Should().OnlyContain(path => path == "/v1/traces");
        collector.Spans(ClientTrace).Should().ContainSingle("the request's own span stays with its client")
            .Which.Should().StartWith("POST");
    }

    /// <summary>Takes what an exporter sends and finds spans in it: field 1 of a span is its trace id, field 5 its name.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken = new();

        public string Address => app.Urls.Single();

        public IEnumerable<string> Paths => _taken.Select(request => request.Path);

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
            var collector = new Collector(builder.Build());
            await collector.BeginAsync();
            return collector;
        }

        /// <summary>The names of the spans of a trace. A link has the trace id too, but behind its own field number.</summary>
        public List<string> Spans(byte[] trace)
        {
            byte[] start = [0x0A, 16, .. trace];
            var names = new List<string>();
            foreach (var (_, body) in _taken)
            {
                for (var at = Find(body, start, 0); at >= 0; at = Find(body, start, at + 1))
                {
                    // After the trace id and the span id (8 bytes behind a tag and a length) come parent, flags and name.
                    var next = at + start.Length;
                    if (body[next] != 0x12) continue;
                    next += 2 + body[next + 1];
                    while (next + 1 < body.Length && body[next] is 0x1A or 0x22) next += 2 + body[next + 1];
                    // Flags are field 16, of fixed size: two bytes of tag and four of value.
                    if (next + 6 < body.Length && body[next] == 0x85 && body[next + 1] == 1) next += 6;
                    if (next < body.Length && body[next] == 0x2A)
                        names.Add(Encoding.UTF8.GetString(body, next + 2, body[next + 1]));
                }
            }
            return names;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private Task BeginAsync()
        {
            app.MapPost("/{**path}", async (HttpContext http) =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                _taken.Enqueue((http.Request.Path, body.ToArray()));
            });
            return app.StartAsync();
        }

        private static int Find(byte[] body, byte[] what, int from)
        {
            var at = body.AsSpan(from).IndexOf(what);
            return at < 0 ? -1 : from + at;
        }
    }
}
