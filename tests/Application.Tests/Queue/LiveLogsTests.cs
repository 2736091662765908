using System.Text;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Tests.Queue;

/// <summary>What running jobs write, on its way through the queue: from the holder of the lease only, in order, bounded.</summary>
public sealed class LiveLogsTests
{
    private static readonly Guid Worker = Guid.NewGuid();

    [Fact]
    public async Task Follow_IsAnsweredWhenLinesCome_AndWhenTheJobHasEnded()
    {
        await using var parts = await Parts.StartAsync();
        var job = await LeaseAsync(parts);

        var first = parts.Mediator.Send(new FollowLogs(job.Job, 0, 0, 30_000));
        (await parts.Mediator.Send(new AppendLogs(Worker, [Chunk(job, 0, "{\"a\":1}")]))).Value.Count.Should().Be(1);
        var lines = (await first).Value;
        var second = parts.Mediator.Send(new FollowLogs(job.Job, lines.Attempt, lines.From + lines.Bytes.Length, 30_000));
        await parts.Mediator.Send(new CompleteJobs(Worker, [new AttemptReport(job.Job, job.Token, Some.Success())]));

        Encoding.UTF8.GetString(lines.Bytes).Should().Be("{\"a\":1}");
        (lines.Known, lines.Attempt, lines.From).Should().Be((true, 1, 0));
        (await second).Value.Known.Should().BeFalse();
        (await parts.Mediator.Send(new FollowLogs(job.Job, 0, 0, 30_000))).Value.Known.Should().BeFalse("it is Db's to tell");
    }

    [Fact]
    public async Task Append_ByAnother_OrUnderAnotherLease_OrOutOfOrder_IsNotTaken()
    {
        await using var parts = await Parts.StartAsync();
        var job = await LeaseAsync(parts);
        LogChunk[] strange =
        [
            Chunk(job, 0, "{}") with { Token = job.Token with { Number = job.Token.Number + 1 } },
            Chunk(job, 0, "{}") with { Job = Some.Id() }, Chunk(job, 7, "{}"),
        ];

        (await parts.Mediator.Send(new AppendLogs(Worker, strange))).Value.Count.Should().Be(0);
        (await parts.Mediator.Send(new AppendLogs(Guid.NewGuid(), [Chunk(job, 0, "{}")]))).Value.Count.Should().Be(0);
        (await parts.Mediator.Send(new AppendLogs(Worker, [Chunk(job, 0, "{}"), Chunk(job, 9, ",{}")]))).Value.Count.Should().Be(1);

        var heard = (await parts.Mediator.Send(new FollowLogs(job.Job, 0, 0, 0))).Value;
        Encoding.UTF8.GetString(heard.Bytes).Should().Be("{}");
        (await parts.Mediator.Send(new FollowLogs(job.Job, 1, 2, 0))).Value.Bytes.Should().BeEmpty();
        (await parts.Mediator.Send(new FollowLogs(job.Job, 9, 2, 0))).Value.From.Should().Be(0, "of another attempt nothing was heard");
    }

    [Fact]
    public async Task Append_WithoutEnd_IsBounded()
    {
        await using var parts = await Parts.StartAsync();
        var job = await LeaseAsync(parts);
        var (from, taken) = (0, 0);

        for (var at = 0; at < 8; at++, from += 256 << 10)
            taken += (await parts.Mediator.Send(new AppendLogs(Worker, [new LogChunk(job.Job, job.Token, from, new byte[256 << 10])]))).Value.Count;

        taken.Should().Be(4, "1 MiB is kept of a run");
        (await parts.Mediator.Send(new FollowLogs(job.Job, 0, 0, 0))).Value.Bytes.Should().HaveCount(64 << 10);
    }

    private static async Task<LeasedJob> LeaseAsync(Parts parts)
    {
        await parts.Mediator.Send(Some.Enqueue(Some.Submission()));
        return (await parts.Mediator.Send(new LeaseJobs(Worker, 1, 1, 1, 10_000, []))).Value.Jobs.Single();
    }

    private static LogChunk Chunk(LeasedJob job, int from, string bytes) => new(job.Job, job.Token, from, Encoding.UTF8.GetBytes(bytes));
}
