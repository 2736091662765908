using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared.Rest;

namespace FaaS.Infrastructure.Tests.Http;

/// <summary>Lists of jobs where the store and the queue are asked one after the other, and something happens in between.</summary>
public sealed class JobListTests
{
    private static readonly JobRecord Ended = Records.Ended(Outcome.UserError);

    [Theory]
    [InlineData("", "failed")]
    [InlineData("?state=queued", null)]
    public async Task List_WhenAJobEndsWhileItIsMade_ShowsItAsEnded(string query, string? state)
    {
        var platform = new FakePlatform()
            .On((ListJobs request) => new JobPage([request.Query.Ids is null ? Records.Waiting : Ended], 0))
            .On((DescribeJobs _) => new DescribedJobs([new JobStanding(false, default, 0, null, 0, 0)]));

        var answer = await ListAsync(platform, query);

        if (state is null) answer.Text.Should().Be("""{"error":false,"res":{"jobs":[],"cursor":null}}""");
        else answer.Text.Should().Contain($"\"state\":\"{state}\"");
    }

    [Fact]
    public async Task List_WhenTheQueueDoesNotAnswer_ShowsWhatTheStoreKnows()
    {
        var platform = new FakePlatform()
            .On((ListJobs _) => new JobPage([Records.Waiting], 7))
            .On((DescribeJobs _) => Result<DescribedJobs>.Fail(ErrorCode.Unavailable, "Not now."))
            .On((ListRunning _) => Result<RunningJobs>.Fail(ErrorCode.Unavailable, "Not now."));

        (await ListAsync(platform, "")).Text.Should().Contain("\"state\":\"queued\"").And.Contain("\"position\":null").And.NotContain("\"cursor\":null");
        (await ListAsync(platform, "?state=running")).Status.Should().Be(503);
    }

    [Fact]
    public async Task Cancel_WhenTheQueueStopsHalfWay_SaysHowFarItCame()
    {
        var answers = new Queue<CancelledJobs>([new(1, null), new(0, new Error(ErrorCode.NotDurable, "The store is away."))]);
        var platform = new FakePlatform()
            .On((ListJobs request) => new JobPage([Records.Waiting with { Sequence = request.Query.Before == 0 ? 9 : 5 }], request.Query.Before == 0 ? 9 : 0))
            .On((DescribeJobs _) => new DescribedJobs([new JobStanding(true, JobState.Queued, 1, null, 0, 0)]))
            .On((CancelJobs _) => answers.Dequeue());
        await using var host = await FrontendHost.StartAsync(platform);

        var answer = await host.Rest.PostAsync("/u/ann/jobs/cancel");

        answer.Text.Should().StartWith("""{"error":false,"res":{"cancelled":1,"stopped":"not_durable","cursor":""");
        platform.Sent.OfType<CancelJobs>().Should().OnlyContain(request => !request.Deletes);
        var cursor = answer.Text.Split("\"cursor\":\"")[1][..16];
        answers.Enqueue(new CancelledJobs(1, null));
        await host.Rest.PostAsync($"/u/ann/jobs/cancel?cursor={cursor}");
        platform.Sent.OfType<ListJobs>().Last().Query.Before.Should().Be(6, "the job that was left is the first of the next request");
    }

    private static async Task<Answer> ListAsync(FakePlatform platform, string query)
    {
        await using var host = await FrontendHost.StartAsync(platform);
        return await host.Rest.GetAsync("/u/ann/jobs" + query);
    }
}
