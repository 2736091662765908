using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>Configurations over REST while a part does not answer: Db has them, the queue may come to know them later.</summary>
public sealed class ConfigTests
{
    private static readonly FunctionLimits Limits = new(TimeSpan.FromSeconds(5), 128);

    private static readonly FunctionPolicy Policy = new(3, Limits, 2);

    private static readonly ConfigState State = new(
        7, 8, 3, new FunctionSettings(TimeoutMs: 5_000, Concurrency: 2, Env: [new("A", "1")]), ["S"], Limits, Policy);

    [Fact]
    public async Task Put_TellsTheQueue()
    {
        var platform = Storing().On((AdoptPolicy _) => new AdoptedPolicy(true));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await PutAsync(host, """{"timeoutMs": 5000, "concurrency": null, "env": {"A": "1"}, "secrets": {"S": "hunter22", "T": null}}""");

        answer.Res.GetProperty("inForce").GetBoolean().Should().BeTrue();
        answer.Text.Should().NotContain("hunter22");
        var put = platform.Sent.OfType<PutConfig>().Single();
        put.Settings.IsLike(new FunctionSettings(TimeoutMs: 5_000, Env: [new("A", "1")])).Should().BeTrue();
        put.Secrets.Should().Equal(new SecretChange("S", "hunter22"), new SecretChange("T", null));
        platform.Sent.OfType<AdoptPolicy>().Single().Should().Be(new AdoptPolicy(7, 8, Policy));
    }

    [Fact]
    public async Task Put_WhenTheQueueCannotBeTold_IsDoneAndSaysSo()
    {
        var platform = Storing().On((AdoptPolicy _) => Result<AdoptedPolicy>.Fail(ErrorCode.Unavailable, "Not now."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await PutAsync(host, "{}");

        answer.Status.Should().Be(200);
        answer.Res.GetProperty("inForce").GetBoolean().Should().BeFalse();
        answer.Res.GetProperty("revision").GetInt32().Should().Be(3);
    }

    [Theory]
    [InlineData("{}", "not_durable")]
    [InlineData("{", "bad_request")]
    public async Task Put_ThatIsNotStored_TellsTheQueueNothing(string body, string code)
    {
        var platform = new FakePlatform().On((PutConfig _) => Result<ConfigState>.Fail(ErrorCode.NotDurable, "No."));
        await using var host = await FrontendHost.StartAsync(platform);

        (await PutAsync(host, body)).Code.Should().Be(code);

        platform.Sent.OfType<AdoptPolicy>().Should().BeEmpty();
    }

    [Fact]
    public async Task Put_ThatIsTooLong_IsRefused()
    {
        await using var host = await FrontendHost.StartAsync(Storing());

        (await PutAsync(host, "{" + new string(' ', 500_000) + "}")).Code.Should().Be("too_large");
    }

    private static FakePlatform Storing() => new FakePlatform().On((PutConfig _) => State);

    private static Task<Answer> PutAsync(FrontendHost host, string body) =>
        host.Rest.SendAsync(HttpMethod.Put, "/u/ann/fn/add/config", System.Text.Encoding.UTF8.GetBytes(body), [], default);
}
