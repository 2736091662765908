using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>An answer: its status, its body, and shortcuts into the envelope.</summary>
public sealed record Answer(HttpStatusCode Status, string Body, Uri? Location, string? RequestId, double? RetryAfter = null,
    bool IsReplayed = false)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public JsonElement Res => Json.GetProperty("res");

    public bool Error => Json.GetProperty("error").GetBoolean();

    public string Code => Json.GetProperty("code").GetString()!;
}

/// <summary>Speaks REST the way a user would.</summary>
public sealed class FaasClient : IDisposable
{
    private readonly IDeployment _deployment;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(90) };

    public FaasClient(IDeployment deployment) => _deployment = deployment;

    /// <summary>The key that is sent along; null for none.</summary>
    public string? Key { get; set; }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null);

    public Task<Answer> PutAsync(string path, string body) =>
        SendAsync(HttpMethod.Put, path, new StringContent(body, Encoding.UTF8));

    public Task<Answer> PostAsync(string path, string body = "", params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8), headers);

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, _deployment.Url.GetLeftPart(UriPartial.Authority) + path);
        request.Content = content;
        if (Key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Key}");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        var id = response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.Single() : null;
        return new Answer(
            response.StatusCode, body, response.Headers.Location, id, response.Headers.RetryAfter?.Delta?.TotalSeconds,
            response.Headers.Contains("Idempotency-Replayed"));
    }

    /// <summary>Registers a user with one function.</summary>
    public async Task RegisterAsync(string user, string function, string source)
    {
        (await PostAsync($"/u/{user}")).Res.GetInt32().Should().Be(1);
        var answer = await PostAsync($"/u/{user}/fn/{function}", source);
        answer.Error.Should().BeFalse(answer.Body);
    }

    /// <summary>Submits a job and gives its id.</summary>
    public async Task<string> SubmitAsync(string user, string function, string arguments)
    {
        var answer = await PostAsync($"/u/{user}/fn/{function}/run", arguments);
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res.GetString()!;
    }

    /// <summary>Submits a job and waits for its end: the answer has outcome and result.</summary>
    public Task<Answer> RunAsync(string user, string function, string arguments) =>
        PostAsync($"/u/{user}/fn/{function}/run", arguments, ("Prefer", "wait=60"));

    /// <summary>Waits for a job's end.</summary>
    public async Task<string> ResultAsync(string job)
    {
        var answer = await GetAsync($"/j/{job}/res?wait=60s");
        answer.Error.Should().BeFalse(answer.Body);
        return answer.Res.GetString() ?? throw new TimeoutException($"Job {job} did not end within a minute.");
    }

    public async Task<JsonElement> InfoAsync(string job) => (await GetAsync($"/j/{job}/info")).Res;

    public async Task WaitUntilReadyAsync(TimeSpan patience)
    {
        var deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (true)
        {
            var answer = await GetAsync("/health/ready");
            if (answer.Status == HttpStatusCode.OK) return;
            if (Environment.TickCount64 > deadline) throw new TimeoutException($"Not ready: {answer.Body}");
            // Asked without a pause, it would take the cores from the parts that start.
            await Task.Delay(20);
        }
    }

    /// <summary>Waits until the server has this many requests in hand, besides the one that asks.</summary>
    public Task ServesAsync(int requests) => Eventually.HoldsAsync(
        async () => await MetricAsync(_deployment.Url, "http_server_active_requests") > requests);

    /// <summary>Waits until a job runs: the queue has granted it, and the worker has taken it up.</summary>
    public async Task RunsAsync(string job)
    {
        await Eventually.HoldsAsync(async () => (await InfoAsync(job)).GetProperty("state").GetString() == "running");
        await Eventually.HoldsAsync(async () => await MetricAsync(_deployment.WorkerHealth, "faas_worker_running") > 0);
    }

    /// <summary>What a metric says, over all its labels.</summary>
    public async Task<double> MetricAsync(Uri part, string name)
    {
        var metrics = await _http.GetStringAsync(new Uri(part, "/metrics"));
        return metrics.Split('\n').Where(line => line.StartsWith(name + '{', StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
    }

    public void Dispose() => _http.Dispose();
}
