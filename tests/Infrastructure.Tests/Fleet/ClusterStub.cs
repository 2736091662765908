using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>
/// A Kubernetes API with one Deployment and its pods: the requests that the fleet makes, paging, merge patches, and a
/// controller that acts when it is told to. A fault may answer in its place.
/// </summary>
internal sealed class ClusterStub : IAsyncDisposable
{
    public const string Namespace = "faas";
    public const string Selector = "app.kubernetes.io/name=worker";

    private static readonly DateTime Epoch = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _requests = [];
    private readonly List<JsonObject> _pods = [];
    private int _made;

    private ClusterStub(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    /// <summary>What was asked, e.g. <c>GET /api/v1/namespaces/faas/pods?limit=100</c>, in order.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public IEnumerable<string> Patches => Requests.Where(request => request.StartsWith("PATCH", StringComparison.Ordinal));

    /// <summary>The authorization of the last request.</summary>
    public string? Authorization { get; private set; }

    public int Replicas { get; set; }

    /// <summary>Names of the pods that run or start, the oldest first.</summary>
    public IReadOnlyList<string> Pods => [.. _pods.Where(pod => pod["metadata"]!["deletionTimestamp"] is null).Select(NameOf)];

    /// <summary>Answers a request in place of the API, and says whether it did.</summary>
    public Func<HttpContext, Task<bool>> Fault { get; set; } = _ => Task.FromResult(false);

    public static async Task<ClusterStub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var cluster = new ClusterStub(app);
        app.Use(cluster.ObserveAsync);
        app.MapMethods("/apis/apps/v1/namespaces/faas/deployments/worker/scale", ["GET", "PATCH"], cluster.ScaleAsync);
        app.MapGet("/api/v1/namespaces/faas/pods", cluster.List);
        app.MapPatch("/api/v1/namespaces/faas/pods/{name}", cluster.PatchPodAsync);
        app.MapFallback(context => AnswerAsync(context, 404, "the server could not find the requested resource"));
        await app.StartAsync();
        return cluster;
    }

    /// <summary>An error as the API answers one.</summary>
    public static Task AnswerAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            new { kind = "Status", apiVersion = "v1", status = "Failure", message, code = status });
    }

    /// <summary>Adds a pod, younger than those before it.</summary>
    public string Add(bool ready, string label = "worker", string? phase = null, bool leaving = false)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{label}-{_made++:000}");
        var time = Epoch.AddSeconds(_made).ToString("s", CultureInfo.InvariantCulture) + "Z";
        var metadata = new JsonObject
        {
            ["name"] = name, ["creationTimestamp"] = time, ["labels"] = new JsonObject { ["app.kubernetes.io/name"] = label },
        };
        if (leaving) metadata["deletionTimestamp"] = time;
        _pods.Add(new JsonObject
        {
            ["metadata"] = metadata,
            ["status"] = new JsonObject
            {
                ["phase"] = phase ?? (ready ? "Running" : "Pending"),
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = ready ? "True" : "False" }),
            },
        });
        return name;
    }

    public void Remove(string name) => _pods.RemoveAll(pod => NameOf(pod) == name);

    public string? CostOf(string name) => Annotation(_pods.Single(pod => NameOf(pod) == name));

    /// <summary>What Kubernetes' controller does: starts what is missing; of what is too many it lets go the unready, then the cheap, then the young.</summary>
    public void Reconcile()
    {
        var staying = _pods.Where(pod => pod["metadata"]!["deletionTimestamp"] is null && IsWorker(pod)).ToList();
        for (var count = staying.Count; count < Replicas; count++) Add(ready: false);
        foreach (var pod in staying
            .OrderBy(pod => (string)pod["status"]!["conditions"]![0]!["status"]! == "True")
            .ThenBy(pod => int.Parse(Annotation(pod) ?? "0", CultureInfo.InvariantCulture))
            .ThenByDescending(pod => (string)pod["metadata"]!["creationTimestamp"]!)
            .Take(Math.Max(0, staying.Count - Replicas)))
            pod["metadata"]!["deletionTimestamp"] = "2026-01-02T00:00:00Z";
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ObserveAsync(HttpContext context, RequestDelegate next)
    {
        _requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        Authorization = context.Request.Headers.Authorization;
        if (!await Fault(context)) await next(context);
    }

    private async Task<IResult> ScaleAsync(HttpRequest request)
    {
        if (request.Method == "PATCH") Replicas = (int)(await PatchAsync(request))["spec"]!["replicas"]!;
        var spec = new JsonObject();
        // As the API has it: no field where the number is 0.
        if (Replicas > 0) spec["replicas"] = Replicas;
        return Results.Json(new JsonObject
        {
            ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = new JsonObject { ["name"] = "worker" },
            ["spec"] = spec, ["status"] = new JsonObject { ["replicas"] = Pods.Count, ["selector"] = Selector },
        });
    }

    private IResult List(HttpRequest request)
    {
        if (request.Query["labelSelector"] != Selector) return Results.Json(new { kind = "PodList", items = Array.Empty<string>() });
        var found = _pods.Where(IsWorker).ToList();
        var from = int.TryParse(request.Query["continue"], out var at) ? at : 0;
        var to = Math.Min(found.Count, from + int.Parse(request.Query["limit"]!, CultureInfo.InvariantCulture));
        return Results.Json(new JsonObject
        {
            ["kind"] = "PodList", ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["continue"] = to < found.Count ? $"{to}" : "" },
            ["items"] = new JsonArray([.. found[from..to].Select(pod => pod.DeepClone())]),
        });
    }

    private async Task<IResult> PatchPodAsync(HttpRequest request, string name)
    {
        var patch = await PatchAsync(request);
        if (_pods.Find(pod => NameOf(pod) == name) is not { } pod)
            return Results.Json(new { kind = "Status", message = $"pods \"{name}\" not found" }, statusCode: 404);
        var metadata = pod["metadata"]!.AsObject();
        var annotations = metadata["annotations"]?.AsObject() ?? [];
        metadata["annotations"] = annotations.DeepClone();
        foreach (var (key, value) in patch["metadata"]!["annotations"]!.AsObject())
            if (value is null) metadata["annotations"]!.AsObject().Remove(key);
            else metadata["annotations"]![key] = value.DeepClone();
        return Results.Json(pod.DeepClone());
    }

    private static async Task<JsonNode> PatchAsync(HttpRequest request)
    {
        request.ContentType.Should().StartWith("application/merge-patch+json");
        return (await JsonNode.ParseAsync(request.Body))!;
    }

    private static bool IsWorker(JsonObject pod) => (string)pod["metadata"]!["labels"]!["app.kubernetes.io/name"]! == "worker";

    private static string NameOf(JsonObject pod) => (string)pod["metadata"]!["name"]!;

    private static string? Annotation(JsonObject pod) =>
        (string?)pod["metadata"]!["annotations"]?["controller.kubernetes.io/pod-deletion-cost"];
}
