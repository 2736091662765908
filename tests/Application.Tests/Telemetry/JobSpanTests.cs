using System.Collections.Concurrent;
using System.Diagnostics;
using FaaS.Application.Telemetry;
using FaaS.Application.Tests.Worker;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fakes;

namespace FaaS.Application.Tests.Telemetry;

/// <summary>Whoever listens to a source hears everybody's spans, so these tests run alone.</summary>
[CollectionDefinition("tracing", DisableParallelization = true)]
public sealed class TracingCollection;

/// <summary>One job's way, from its id alone.</summary>
[Collection("tracing")]
public sealed class JobSpanTests
{
    [Fact]
    public void TraceId_IsTheJobsIdAndFourFixedBytes()
    {
        var id = JobId.Parse("6b056a409afce1c4f0623827");

        JobSpan.TraceIdOf(id).ToHexString().Should().Be("6b056a409afce1c4f062382766616173");
    }

    [Fact]
    public async Task Job_WhenSomebodyListens_HasAllItsSpansInItsOwnTrace()
    {
        using var spans = new Spans();
        await using var rig = await WorkerRig.StartAsync(new FakeSandbox(1));

        var id = (await rig.SubmitAsync())[0];

        await Eventually.HoldsAsync(() => spans.Of(id).Count >= 5);
        spans.Of(id).Select(span => span.OperationName).Should()
            .BeEquivalentTo("store", "wait", "run", "lease", "complete");
        spans.Of(id).Should().OnlyContain(span => span.ParentSpanId == default);
        spans.Of(id).Single(span => span.OperationName == "run").GetTagItem("faas.outcome").Should().Be("success");
        var commits = spans.All.Where(span => span.OperationName == "commit").Select(span => span.Context).ToArray();
        spans.Of(id).Where(span => span.OperationName is "store" or "complete").Select(span => span.Links.Single().Context)
            .Should().OnlyHaveUniqueItems().And.BeSubsetOf(commits);
    }

    [Fact]
    public void Start_WhenARequestHasATraceOfItsOwn_LinksTheTwo()
    {
        using var spans = new Spans();
        using var request = new Activity("request").Start();
        var id = Some.Id();

        using (var span = JobSpan.Start("submit", id, ActivityKind.Producer))
        {
            Activity.Current.Should().BeSameAs(span.Activity);
        }

        Activity.Current.Should().BeSameAs(request);
        var submit = spans.Of(id).Single();
        submit.Links.Single().Context.TraceId.Should().Be(request.TraceId);
        request.Links.Single().Context.Should().Be(submit.Context);
        submit.TraceId.Should().NotBe(request.TraceId);
    }

    [Fact]
    public void Add_TellsWhenTheSpanBeganAndEnded()
    {
        using var spans = new Spans();
        var id = Some.Id();
        var end = DateTimeOffset.UnixEpoch.AddDays(20_000);

        JobSpan.Add("wait", id, end, 1_500, new KeyValuePair<string, object?>("stage", "durable_leased"));

        var span = spans.Of(id).Single();
        span.StartTimeUtc.Should().Be(end.UtcDateTime.AddMicroseconds(-1_500));
        span.Duration.Should().Be(TimeSpan.FromMicroseconds(1_500));
    }

    [Fact]
    public void Spans_WhenNobodyListens_AllocateNothing()
    {
        var id = Some.Id();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var count = 0; count < 1_000; count++)
        {
            using var span = JobSpan.Start("run", id);
            JobSpan.Add("wait", id, default, 5, default);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000, "a thousand turns would show");
    }

    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _all = new();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == JobSpan.SourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _all.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public IReadOnlyCollection<Activity> All => _all;

        public IReadOnlyList<Activity> Of(JobId id) => [.. _all.Where(span => span.TraceId == JobSpan.TraceIdOf(id))];

        public void Dispose() => _listener.Dispose();
    }
}
