using System.Net;
using System.Text;
using System.Text.Json;

namespace FaaS.Tests.Shared.Rest;

/// <summary>A client of the REST interface, as an outsider would write one.</summary>
public sealed class RestClient : IDisposable
{
    private readonly HttpClient _http;

    public RestClient(Uri address)
    {
        Address = address;
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version11,
        };
    }

    public Uri Address { get; }

    public Task<Answer> GetAsync(string path, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Get, path, null, [], cancellation);

    public Task<Answer> DeleteAsync(string path, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Delete, path, null, [], cancellation);

    public Task<Answer> PostAsync(string path, string body = "", params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), headers, CancellationToken.None);

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, byte[]? body, (string Name, string Value)[] headers, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        var all = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, all, text);
    }

    /// <summary>Registers a user.</summary>
    public async Task RegisterAsync(string user) => Expect(await PostAsync($"/u/{user}").ConfigureAwait(false));

    /// <summary>Registers a function.</summary>
    public async Task RegisterAsync(string user, string function, string source) =>
        Expect(await PostAsync($"/u/{user}/fn/{function}", source).ConfigureAwait(false));

    /// <summary>Submits a job.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> SubmitAsync(string user, string function, string arguments = "[]") =>
        Expect(await PostAsync($"/u/{user}/fn/{function}/run", arguments).ConfigureAwait(false)).Word;

    /// <summary>Submits a job and waits for its end.</summary>
    /// <returns>Its id, outcome and result.</returns>
    public async Task<RunResult> RunAsync(string user, string function, string arguments = "[]")
    {
        var answer = Expect(await PostAsync($"/u/{user}/fn/{function}/run", arguments, ("Prefer", "wait=60"))
            .ConfigureAwait(false));
        if (answer.Json.GetProperty("status").GetInt32() == 0)
            throw new TimeoutException($"The job did not end in a minute: {answer}");
        return new RunResult(
            answer.Word, answer.Json.GetProperty("outcome").GetString()!, answer.Json.GetProperty("result").GetString()!);
    }

    /// <summary>Waits for a job's end.</summary>
    /// <returns>What <c>/res</c> answers.</returns>
    public async Task<string> ResultAsync(string id)
    {
        var answer = Expect(await GetAsync($"/j/{id}/res?wait=60s").ConfigureAwait(false));
        return answer.Res.ValueKind == JsonValueKind.Null
            ? throw new TimeoutException($"The job {id} did not end in a minute.")
            : answer.Word;
    }

    /// <summary>A job's whole record.</summary>
    public async Task<JsonElement> InfoAsync(string id) => Expect(await GetAsync($"/j/{id}/info").ConfigureAwait(false)).Res;

    /// <summary>The user's execution time, ms.</summary>
    public async Task<long> TimeAsync(string user) => Expect(await GetAsync($"/u/{user}/time").ConfigureAwait(false)).Number;

    public void Dispose() => _http.Dispose();

    private static Answer Expect(Answer answer) =>
        answer.Status < 300 && !answer.IsError ? answer : throw new InvalidOperationException($"Refused: {answer}");
}

/// <summary>How a job ended.</summary>
public sealed record RunResult(string Id, string Outcome, string Text);
