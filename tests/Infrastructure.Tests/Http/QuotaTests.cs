using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Users;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>Quotas over REST while a part does not answer: Db has them, the queue may come to know them later.</summary>
public sealed class QuotaTests
{
    private static readonly Quotas InForce = new() { Weight = 2, QueuedJobs = 7 };

    private static readonly UserTerms Terms = new("ann", 3, InForce, null, null);

    [Fact]
    public async Task Set_WhenTheQueueIsTold_IsInForce()
    {
        var platform = Setting().On((AdoptTerms _) => new AdoptedTerms(3));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await PutAsync(host, """{"weight": 2, "queuedJobs": null}""");

        answer.Res.GetProperty("inForce").GetBoolean().Should().BeTrue();
        answer.Res.GetProperty("overrides").GetRawText().Should().Be("""{"weight":2}""");
        platform.Sent.OfType<SetQuotas>().Single().Changes.Should().Equal(new QuotaChange("weight", 2), new QuotaChange("queuedJobs", null));
        platform.Sent.OfType<AdoptTerms>().Single().Terms.Should().Be(Terms);
    }

    [Fact]
    public async Task Set_WhenTheQueueCannotBeTold_IsDoneAndSaysSo()
    {
        var platform = Setting().On((AdoptTerms _) => Result<AdoptedTerms>.Fail(ErrorCode.Unavailable, "Not now."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await PutAsync(host, """{"weight": 2}""");

        answer.Status.Should().Be(200);
        answer.Res.GetProperty("inForce").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task Set_ThatDbDoesNotTake_TellsTheQueueNothing()
    {
        var platform = new FakePlatform().On((SetQuotas _) => Result<GrantedQuotas>.Fail(ErrorCode.NotDurable, "No."));
        await using var host = await FrontendHost.StartAsync(platform);

        (await PutAsync(host, """{"weight": 2}""")).Code.Should().Be("not_durable");

        platform.Sent.Should().ContainSingle();
    }

    [Theory]
    [InlineData(true, """{"functions":1,"sourceBytes":2,"queuedJobs":4,"concurrentJobs":5,"msPerDay":6,"msPerMonth":7,"storedBytes":3}""")]
    [InlineData(false, """{"functions":1,"sourceBytes":2,"queuedJobs":null,"concurrentJobs":null,"msPerDay":6,"msPerMonth":7,"storedBytes":3}""")]
    public async Task Used_HasWhatBothPartsKnow_AndNullForOneThatDoesNotAnswer(bool queueAnswers, string used)
    {
        var platform = new FakePlatform()
            .On((GetQuotas _) => new UserQuotas(3, InForce, new QuotaOverrides(Weight: 2), new QuotaUsage(1, 2, 3, 6_999, 7_000)))
            .On((DescribeUser _) => queueAnswers
                ? new UserStanding(4, 5)
                : Result<UserStanding>.Fail(ErrorCode.Unavailable, "Not now."));
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.GetAsync("/u/ann/quotas");

        answer.Res.GetProperty("used").GetRawText().Should().Be(used);
        answer.Res.GetProperty("quotas").GetRawText().Should().Be(
            """{"weight":2,"functions":0,"sourceBytes":0,"queuedJobs":7,"concurrentJobs":0,"submissionsPerSecond":0,"msPerDay":0,"msPerMonth":0,"storedBytes":0}""");
    }

    private static FakePlatform Setting() =>
        new FakePlatform().On((SetQuotas _) => new GrantedQuotas(Terms, new QuotaOverrides(Weight: 2)));

    private static Task<Answer> PutAsync(FrontendHost host, string body) =>
        host.Rest.SendAsync(HttpMethod.Put, "/u/ann/quotas", System.Text.Encoding.UTF8.GetBytes(body), [], default);
}
