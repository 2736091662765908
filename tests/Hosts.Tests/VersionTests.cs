using System.Net;

namespace FaaS.Hosts.Tests;

/// <summary>Versions of functions, as REST tells them and makes them current.</summary>
[Collection(SharedDeploymentTests.Name)]
public sealed class VersionTests(SharedDeployment platform)
{
    private readonly string _user = platform.NewUser();

    private string Path => $"/u/{_user}/fn/f";

    [Fact]
    public async Task Rollback_RunsTheOldSource_AndWhatWaitsKeepsItsOwn()
    {
        await platform.Client.RegisterAsync(_user, "f", "() => 'one'");
        await platform.Client.PostAsync(Path, "() => 'two'");
        await platform.Client.PostAsync(Path, "() => 'two'");
        var waiting = (await platform.Client.PostAsync($"{Path}/run?delay=1s")).Res.GetString()!;

        (await platform.Client.PostAsync($"{Path}/rollback", """{"version": 1}""")).Res.GetRawText().Should().Be("""{"version":1}""");
        (await platform.Client.PostAsync($"{Path}/rollback", """{"version": 1}""")).Error.Should().BeFalse();

        (await RunAsync()).Should().Be("one");
        (await platform.Client.ResultAsync(waiting)).Should().Be("two");
        (await platform.Client.InfoAsync(waiting)).GetProperty("version").GetInt32().Should().Be(2);
        var versions = (await platform.Client.GetAsync($"{Path}/versions")).Res.GetProperty("versions").EnumerateArray().ToList();
        versions.Select(row => (row.GetProperty("version").GetInt32(), row.GetProperty("current").GetBoolean(), row.GetProperty("bytes").GetInt32()))
            .Should().Equal((2, false, 11), (1, true, 11));
        (await platform.Client.GetAsync($"{Path}/versions/2")).Res.GetProperty("src").GetString().Should().Be("() => 'two'");
        (await platform.Client.GetAsync($"{Path}/versions?limit=1")).Res.GetProperty("cursor").GetString().Should().Be("2");
        (await platform.Client.GetAsync($"{Path}/versions?limit=1&cursor=2")).Res.GetProperty("cursor").GetString().Should().BeNull();
        await platform.Client.PostAsync(Path, "() => 'three'");
        (await platform.Client.GetAsync($"{Path}/versions/3")).Res.GetProperty("current").GetBoolean().Should().BeTrue();
        (await RunAsync()).Should().Be("three");
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("""{"version": "1"}""", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("""{"version": 0}""", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("""{"version": 1, "force": true}""", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("""{"version": 9}""", HttpStatusCode.NotFound, "version_not_found")]
    public async Task Rollback_ToWhatIsNone_IsRefused(string body, HttpStatusCode status, string code)
    {
        await platform.Client.RegisterAsync(_user, "f", "() => 'one'");

        var answer = await platform.Client.PostAsync($"{Path}/rollback", body);

        (answer.Status, answer.Code).Should().Be((status, code));
        (await platform.Client.GetAsync($"{Path}/versions/x")).Code.Should().Be("bad_request");
        (await platform.Client.GetAsync($"{Path}/versions/9")).Code.Should().Be("version_not_found");
    }

    private async Task<string> RunAsync() =>
        (await platform.Client.RunAsync(_user, "f", "[]")).Json.GetProperty("result").GetString()!;
}
