using System.Net;
using System.Text.Json;

namespace FaaS.Hosts.Tests;

/// <summary>The audit log over REST: who did what to whom, and what was refused.</summary>
[Collection(KeyedDeploymentTests.Name)]
public sealed class AuditTests(KeyedDeployment platform) : IDisposable
{
    private readonly FaasClient _admin = new(platform.Deployment) { Key = KeyedDeployment.AdminKey };
    private readonly string _user = platform.NewUser();

    public void Dispose() => _admin.Dispose();

    [Fact]
    public async Task Actions_AreInTheLogWithWhoDidThemAndWithoutAnyKey()
    {
        var first = (await _admin.PostAsync($"/u/{_user}")).Json.GetProperty("key").GetProperty("secret").GetString()!;
        using var user = new FaasClient(platform.Deployment) { Key = first };
        var made = await user.PostAsync($"/u/{_user}/keys", """{"name": "ci", "scopes": ["jobs:submit"], "fn": "f"}""", ("X-Request-Id", "audited-1"));
        var (id, secret) = (made.Res.GetProperty("id").GetString()!, made.Res.GetProperty("secret").GetString()!);
        await _admin.PutAsync($"/u/{_user}/quotas", """{"weight": 3}""");
        await _admin.PutAsync($"/u/{_user}/quotas", """{"weight": null, "functions": 7}""");
        await user.PostAsync($"/u/{_user}/fn/f", "() => 1");
        await user.DeleteAsync($"/u/{_user}/fn/f");
        await user.DeleteAsync($"/u/{_user}/keys/{id}");
        await user.DeleteAsync($"/u/{_user}");

        var answer = await _admin.GetAsync($"/audit?user={_user}");

        var entries = answer.Res.GetProperty("entries").EnumerateArray().Reverse().ToList();
        entries.Select(entry => $"{Text(entry, "action")} {Text(entry, "target")} by {Text(entry, "by", "actor")}: {Text(entry, "outcome")}").Should().Equal(
            $"user.register {IdOf(first)} by admin: done", $"key.add {id} by key: done", "quotas.set  by admin: done", "quotas.set  by admin: done",
            "function.delete f by key: done", $"key.revoke {id} by key: done", "user.delete  by key: done");
        var added = entries[1];
        (Text(added, "by", "key"), Text(added, "by", "user"), Text(added, "by", "request"), Text(added, "user")).Should()
            .Be((IdOf(first), _user, "audited-1", _user));
        IPAddress.IsLoopback(IPAddress.Parse(Text(added, "by", "address"))).Should().BeTrue();
        added.GetProperty("after").GetRawText().Should().Be("""{"name":"ci","scopes":["jobs:submit"],"fn":"f"}""");
        (entries[3].GetProperty("before").GetRawText(), entries[3].GetProperty("after").GetRawText()).Should()
            .Be(("""{"weight":3}""", """{"functions":7}"""));
        entries[5].GetProperty("before").GetRawText().Should().Be(added.GetProperty("after").GetRawText());
        answer.Body.Should().NotContain(secret).And.NotContain(first).And.NotContain(KeyedDeployment.AdminKey);
        answer.Res.GetProperty("cursor").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Refusals_OfWhatNeedsTheAdminKey_AreInTheLog()
    {
        var key = (await _admin.PostAsync($"/u/{_user}")).Json.GetProperty("key").GetProperty("secret").GetString()!;
        using var user = new FaasClient(platform.Deployment) { Key = key };
        using var stranger = new FaasClient(platform.Deployment) { Key = "a key that somebody has made up, long enough" };

        (await user.PutAsync($"/u/{_user}/quotas", """{"weight": 100}""")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await stranger.DeleteAsync($"/u/{_user}")).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await _admin.DeleteAsync($"/u/{_user}/keys/{IdOf(key)}")).Res.GetInt32().Should().Be(1);

        List<JsonElement> refused = [];
        await FaaS.Tests.Shared.Eventually.HoldsAsync(async () =>
            (refused = [.. (await _admin.GetAsync($"/audit?user={_user}&action=access")).Res.GetProperty("entries").EnumerateArray()]).Count == 2);
        refused.Select(entry => $"{Text(entry, "by", "actor")} {Text(entry, "by", "key")} {Text(entry, "target")}: {Text(entry, "outcome")} {Text(entry, "code")}")
            .Should().BeEquivalentTo(
                $"key {IdOf(key)} PUT /u/{{user}}/quotas: refused forbidden", "nobody  DELETE /u/{user}: refused unauthorized");
        (await _admin.GetAsync($"/audit?user={_user}")).Body.Should().NotContain("made up");
    }

    [Fact]
    public async Task Log_InPages_HasEachEntryOnceWhateverComesMeanwhile()
    {
        for (var at = 1; at <= 5; at++) await _admin.PutAsync($"/u/{_user}/quotas", $$"""{"weight": {{at}}}""");
        var (weights, cursor) = (new List<int>(), "");

        do
        {
            var page = (await _admin.GetAsync($"/audit?user={_user}&limit=2{cursor}")).Res;
            weights.AddRange(page.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("after").GetProperty("weight").GetInt32()));
            cursor = page.GetProperty("cursor").GetString() is { } next ? $"&cursor={next}" : "";
            await _admin.PutAsync($"/u/{_user}/quotas", $$"""{"weight": {{10 + weights.Count}}}""");
        }
        while (cursor.Length > 0);

        weights.Should().Equal(5, 4, 3, 2, 1);
    }

    [Fact]
    public async Task Log_OfASpanOfTime_HasWhatWasThen()
    {
        await _admin.PutAsync($"/u/{_user}/quotas", """{"weight": 2}""");
        var at = Text((await _admin.GetAsync($"/audit?user={_user}")).Res.GetProperty("entries")[0], "at");

        (await CountAsync($"from={at}")).Should().Be(1);
        (await CountAsync($"to={at}")).Should().Be(0);
        (await CountAsync($"from=2020-01-01&to=2999-01-01T00:00:00%2B01:00")).Should().Be(1);

        async Task<int> CountAsync(string query) =>
            (await _admin.GetAsync($"/audit?user={_user}&{query}")).Res.GetProperty("entries").GetArrayLength();
    }

    [Theory]
    [InlineData("limit=0", "limit is '0'; it must be a whole number from 1 to 1000.")]
    [InlineData("cursor=x", "cursor is 'x'; it must be the cursor")]
    [InlineData("from=soon", "from is 'soon'; it must be a time after 1970")]
    [InlineData("to=1900-01-01", "to is '1900-01-01'; it must be a time")]
    [InlineData("from=2026-01-02&to=2026-01-01", "the first before the last")]
    [InlineData("action=sing", "The actions are user.register")]
    public async Task Query_ThatCannotBe_NamesWhatIsWrong(string query, string named)
    {
        var refused = await _admin.GetAsync($"/audit?{query}");

        (refused.Status, refused.Code).Should().Be((HttpStatusCode.BadRequest, "bad_request"));
        refused.Res.GetString().Should().Contain(named);
    }

    private static string Text(JsonElement entry, params string[] path) =>
        path.Aggregate(entry, (found, name) => found.GetProperty(name)).GetString() ?? "";

    private static string IdOf(string key) => key.Substring(5, 12);
}
