using System.Net;
using System.Text;
using FaaS.Hosts.Tests.Deployments;
using FaaS.Tests.Shared;

namespace FaaS.Hosts.Tests;

/// <summary>Keys: every route with every kind of key, and how keys come and go.</summary>
[Collection(KeyedDeploymentTests.Name)]
public sealed class AccessTests(KeyedDeployment platform) : IDisposable
{
    private const string AdminKey = KeyedDeployment.AdminKey;
    private const string Function = "add";

    private static readonly string[] Scopes =
        ["functions:read", "functions:write", "jobs:submit", "jobs:read", "jobs:cancel", "usage:read"];

    /// <summary>Every route that a user's key may call, what it needs, and what is sent; destructive ones last.</summary>
    private static readonly (string Method, string Path, string Scope, string Body)[] Routes =
    [
        ("GET", "/u/{user}/time", "usage:read", ""),
        ("GET", "/u/{user}/quotas", "usage:read", ""),
        ("GET", "/u/{user}/usage", "usage:read", ""),
        ("GET", "/u/{user}/fn", "functions:read", ""),
        ("GET", "/u/{user}/fn/{fn}", "functions:read", ""),
        ("POST", "/u/{user}/fn/{fn}", "functions:write", "(a, b) => a + b"),
        ("GET", "/u/{user}/fn/{fn}/versions", "functions:read", ""),
        ("GET", "/u/{user}/fn/{fn}/versions/1", "functions:read", ""),
        ("POST", "/u/{user}/fn/{fn}/rollback", "functions:write", """{"version": 1}"""),
        ("PUT", "/u/{user}/fn/{fn}/config", "functions:write", """{"timeoutMs": 30000}"""),
        ("GET", "/u/{user}/fn/{fn}/config", "functions:read", ""),
        ("PUT", "/u/{user}/fn/{fn}/schedule", "functions:write", """{"cron": "0 0 1 1 *"}"""),
        ("GET", "/u/{user}/fn/{fn}/schedule", "functions:read", ""),
        ("GET", "/u/{user}/schedules", "functions:read", ""),
        ("DELETE", "/u/{user}/fn/{fn}/schedule", "functions:write", ""),
        ("POST", "/u/{user}/fn/{fn}/run", "jobs:submit", "[1, 2]"),
        ("GET", "/u/{user}/jobs", "jobs:read", ""),
        ("GET", "/u/{user}/logs", "jobs:read", ""),
        ("GET", "/j/{id}", "jobs:read", ""),
        ("GET", "/j/{id}/res", "jobs:read", ""),
        ("GET", "/j/{id}/info", "jobs:read", ""),
        ("GET", "/j/{id}/logs", "jobs:read", ""),
        ("POST", "/u/{user}/jobs/redrive", "jobs:submit", ""),
        ("POST", "/u/{user}/jobs/cancel", "jobs:cancel", ""),
        ("DELETE", "/u/{user}/jobs?state=failed", "jobs:cancel", ""),
        ("GET", "/u/{user}/keys", "admin", ""),
        ("POST", "/u/{user}/keys", "admin", """{"name": "another", "scopes": ["jobs:read"]}"""),
        ("DELETE", "/u/{user}/keys/0123456789ab", "admin", ""),
        ("DELETE", "/j/{id}", "jobs:cancel", ""),
        ("DELETE", "/u/{user}/fn/{fn}", "functions:write", ""),
        ("POST", "/u/{user}", "admin", ""),
        ("DELETE", "/u/{user}", "admin", ""),
    ];

    private readonly FaasClient _client = new(platform.Deployment);

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task EveryRoute_WithEveryKindOfKey_AnswersAsItShould()
    {
        var (annName, ann, job) = await NewUserAsync();
        var (bobName, bob, _) = await NewUserAsync();
        var revoked = await NewKeyAsync(annName, ann, Scopes);
        (await AsAsync(ann, "DELETE", $"/u/{annName}/keys/{IdOf(revoked)}", "")).Res.GetInt32().Should().Be(1);
        var expired = await NewKeyAsync(annName, ann, Scopes, expires: TimeProvider.System.GetUtcNow().AddSeconds(1));
        await Eventually.HoldsAsync(async () => (await AsAsync(expired, "GET", $"/u/{annName}/time", "")).Status == HttpStatusCode.Unauthorized);
        var failures = new List<string>();
        foreach (var (method, pattern, scope, body) in Routes)
        {
            var path = pattern.Replace("{user}", annName).Replace("{fn}", Function).Replace("{id}", job);
            var others = await NewKeyAsync(annName, ann, [.. Scopes.Where(other => other != scope)]);
            var bound = await NewKeyAsync(annName, ann, Scopes, function: "another");
            var isOfAFunction = pattern.Contains("{fn}") || pattern.Contains("{id}");
            (string What, string? Key, HttpStatusCode Status, string? Code)[] cases =
            [
                ("no key", null, HttpStatusCode.Unauthorized, "unauthorized"),
                ("a malformed key", "faas_nonsense", HttpStatusCode.Unauthorized, "unauthorized"),
                ("a wrong letter", Wrong(ann), HttpStatusCode.Unauthorized, "unauthorized"),
                ("an expired key", expired, HttpStatusCode.Unauthorized, "unauthorized"),
                ("a revoked key", revoked, HttpStatusCode.Unauthorized, "unauthorized"),
                ("another tenant's key", bob, HttpStatusCode.NotFound, pattern.StartsWith("/j/", StringComparison.Ordinal) ? "job_not_found" : "user_not_found"),
                ("a key without the scope", others, HttpStatusCode.Forbidden, "forbidden"),
                ("another function's key", bound, isOfAFunction ? HttpStatusCode.NotFound : HttpStatusCode.Forbidden, null),
            ];
            foreach (var (what, key, status, code) in cases)
            {
                var answer = await AsAsync(key, method, path, body);
                if (answer.Status != status || (code is not null && answer.Code != code))
                    failures.Add($"{method} {pattern} with {what}: {(int)answer.Status} {answer.Body}");
            }
            var right = scope == "admin" ? ann : await NewKeyAsync(annName, ann, [scope]);
            var served = await AsAsync(right, method, path, body);
            if (served.Status != HttpStatusCode.OK) failures.Add($"{method} {pattern} with the right key: {(int)served.Status} {served.Body}");
            if (method == "POST" && pattern == "/u/{user}") ann = served.Json.GetProperty("key").GetProperty("secret").GetString()!;
        }

        failures.Should().BeEmpty();
        // The user is gone, and its keys are.
        await Eventually.HoldsAsync(async () => (await AsAsync(ann, "GET", $"/u/{annName}/time", "")).Code == "unauthorized");
        (await AsAsync(bob, "GET", $"/u/{bobName}/time", "")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/audit")]
    [InlineData("GET", "/autoscaler/decisions")]
    [InlineData("POST", "/u/newcomer")]
    [InlineData("PUT", "/u/newcomer/quotas", """{"weight": 1}""")]
    public async Task RoutesOfThePlatform_NeedTheAdminKey(string method, string path, string body = "")
    {
        var (annName, ann, _) = await NewUserAsync();

        (await AsAsync(null, method, path, body)).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await AsAsync(ann, method, path, body)).Status.Should().BeOneOf(HttpStatusCode.Forbidden, HttpStatusCode.NotFound);
        (await AsAsync(AdminKey, method, path, body)).Status.Should().Be(HttpStatusCode.OK);
        (await AsAsync(null, "GET", "/health/live", "")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("GET", "/metrics", HttpStatusCode.OK)]
    [InlineData("GET", "/audit", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/autoscaler/decisions", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/u/anyone/time", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/u/newcomer", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/j/000000000000000000000000", HttpStatusCode.Forbidden)]
    public async Task KeyForMetrics_OpensThemAndNothingElse(string method, string path, HttpStatusCode status) =>
        (await AsAsync(KeyedDeployment.MetricsKey, method, path, "")).Status.Should().Be(status);

    [Fact]
    public async Task Key_ThatIsUsed_SaysWhen()
    {
        var (annName, ann, _) = await NewUserAsync();
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        var unused = await NewKeyAsync(annName, ann, ["jobs:read"]);

        await Eventually.HoldsAsync(async () => (await KeysAsync()).Any(key => key.LastUsed > before));

        (await KeysAsync()).Single(key => key.Id == IdOf(unused)).LastUsed.Should().BeNull();

        async Task<List<(string Id, DateTimeOffset? LastUsed)>> KeysAsync() =>
        [
            .. (await AsAsync(ann, "GET", $"/u/{annName}/keys", "")).Res.EnumerateArray().Select(key => (
                key.GetProperty("id").GetString()!,
                key.GetProperty("lastUsed").GetString() is { } used ? DateTimeOffset.Parse(used, System.Globalization.CultureInfo.InvariantCulture) : (DateTimeOffset?)null)),
        ];
    }

    [Fact]
    public async Task AnotherTenant_CannotTellWhatExists()
    {
        var (annName, _, job) = await NewUserAsync();
        var (_, bob, _) = await NewUserAsync();
        var nobodys = new string('0', 24);

        foreach (var (there, missing) in new[] { ($"/u/{annName}/fn", "/u/xxx/fn"), ($"/u/{annName}/fn/{Function}", "/u/xxx/fn/zzz"), ($"/j/{job}", $"/j/{nobodys}") })
        {
            var (real, none) = (await AsAsync(bob, "GET", there, ""), await AsAsync(bob, "GET", missing, ""));
            real.Status.Should().Be(none.Status);
            real.Body.Replace(annName, "xxx").Replace(job, nobodys).Should().Be(none.Body);
        }
    }

    [Fact]
    public async Task Name_ThatIsRegisteredAnew_DoesNotInheritWhatItsLastOwnerLeft()
    {
        var (name, _, job) = await NewUserAsync();
        var next = (await AsAsync(AdminKey, "POST", $"/u/{name}", "")).Json.GetProperty("key").GetProperty("secret").GetString();

        foreach (var (method, path) in new[] { ("GET", $"/j/{job}"), ("GET", $"/j/{job}/res"), ("GET", $"/j/{job}/info"), ("GET", $"/j/{job}/logs"), ("DELETE", $"/j/{job}") })
            (await AsAsync(next, method, path, "")).Code.Should().Be("job_not_found");
    }

    [Fact]
    public async Task Keys_AreShownOnceListedAndRotated()
    {
        var (annName, first, _) = await NewUserAsync();
        var second = await NewKeyAsync(annName, first, ["admin"]);

        var listed = await AsAsync(second, "GET", $"/u/{annName}/keys", "");
        listed.Res.EnumerateArray().Select(key => key.GetProperty("id").GetString()).Should().Equal(IdOf(first), IdOf(second));
        listed.Body.Should().NotContain(first).And.NotContain(second).And.NotContain("secret");
        (await AsAsync(second, "DELETE", $"/u/{annName}/keys/{IdOf(first)}", "")).Res.GetInt32().Should().Be(1);
        await Eventually.HoldsAsync(async () => (await AsAsync(first, "GET", $"/u/{annName}/time", "")).Status == HttpStatusCode.Unauthorized);
        (await AsAsync(second, "GET", $"/u/{annName}/time", "")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("", "JSON object")]
    [InlineData("[]", "JSON object")]
    [InlineData("{}", "name is missing")]
    [InlineData("""{"name": "k"}""", "scopes is missing")]
    [InlineData("""{"name": "k", "scopes": ["root"]}""", "the scopes are functions:read")]
    [InlineData("""{"name": "k", "scopes": "admin"}""", "a list of functions:read")]
    [InlineData("""{"name": "", "scopes": ["admin"]}""", "1 to 100 characters")]
    [InlineData("""{"name": "k", "scopes": ["admin"], "fn": "no spaces"}""", "fn must match")]
    [InlineData("""{"name": "k", "scopes": ["admin"], "expires": "2001-01-01T00:00:00Z"}""", "a time to come")]
    [InlineData("""{"name": "\ud800", "scopes": ["admin"]}""", "JSON object")]
    [InlineData("""{"name": "k", "scopes": ["admin"], "expires": 5}""", "a time to come")]
    [InlineData("""{"name": "k", "scopes": ["admin"], "role": "king"}""", "There is no member 'role'")]
    public async Task Key_ThatCannotBe_IsRefusedNamingWhatIsWrong(string body, string named)
    {
        var (annName, ann, _) = await NewUserAsync();

        var refused = await AsAsync(ann, "POST", $"/u/{annName}/keys", body);

        refused.Status.Should().Be(HttpStatusCode.BadRequest);
        refused.Res.GetString().Should().Contain(named);
        (await AsAsync(ann, "GET", $"/u/{annName}/keys", "")).Res.GetArrayLength().Should().Be(1);
    }

    /// <summary>A user with a function and a job that has ended.</summary>
    private async Task<(string User, string Key, string Job)> NewUserAsync()
    {
        var user = platform.NewUser();
        var made = await AsAsync(AdminKey, "POST", $"/u/{user}", "");
        made.Res.GetInt32().Should().Be(1, made.Body);
        var key = made.Json.GetProperty("key").GetProperty("secret").GetString()!;
        (await AsAsync(key, "POST", $"/u/{user}/fn/{Function}", "(a, b) => a + b")).Error.Should().BeFalse();
        var job = (await AsAsync(key, "POST", $"/u/{user}/fn/{Function}/run", "[1, 2]")).Res.GetString()!;
        (await AsAsync(key, "GET", $"/j/{job}/res?wait=60s", "")).Res.GetString().Should().Be("3");
        return (user, key, job);
    }

    private async Task<string> NewKeyAsync(
        string user, string key, string[] scopes, string? function = null, DateTimeOffset? expires = null)
    {
        var body = System.Text.Json.JsonSerializer.Serialize(new { name = "a key", scopes, fn = function, expires = expires?.ToString("O") });
        var made = await AsAsync(key, "POST", $"/u/{user}/keys", body);
        made.Error.Should().BeFalse(made.Body);
        return made.Res.GetProperty("secret").GetString()!;
    }

    private async Task<Answer> AsAsync(string? key, string method, string path, string body)
    {
        _client.Key = key;
        return await _client.SendAsync(new HttpMethod(method), path, method is "POST" or "PUT" ? new StringContent(body, Encoding.UTF8) : null);
    }

    private static string IdOf(string key) => key.Substring(5, 12);

    /// <summary>A key with its last letter changed: a typing mistake.</summary>
    private static string Wrong(string key) => key[..^1] + (key[^1] == 'a' ? 'b' : 'a');
}
