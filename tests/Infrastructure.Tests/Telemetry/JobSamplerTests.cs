using System.Diagnostics;
using FaaS.Application.Messaging;
using FaaS.Application.Telemetry;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Telemetry;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace FaaS.Infrastructure.Tests.Telemetry;

public sealed class JobSamplerTests
{
    [Theory]
    [InlineData("traceidratio", "0.25", 2_500)]
    [InlineData("parentbased_traceidratio", "0.01", 100)]
    [InlineData("always_on", null, 10_000)]
    [InlineData("always_off", null, 0)]
    [InlineData(null, null, 10_000)]
    public void Jobs_OfOneProcessAndSecond_AreKeptByTheRatio(string? kind, string? ratio, int about)
    {
        var sampler = JobSampler.Of(Settings(kind, ratio));

        var kept = Enumerable.Range(0, 10_000).Count(at => Keeps(sampler, TraceOf(at)));

        kept.Should().BeInRange(about - (about / 5), about + (about / 5));
    }

    [Fact]
    public void Job_IsJudgedAlikeByEveryPart() =>
        Enumerable.Range(0, 1_000).Should().OnlyContain(at =>
            Keeps(JobSampler.Of(Settings("traceidratio", "0.5")), TraceOf(at))
            == Keeps(JobSampler.Of(Settings("traceidratio", "0.5")), TraceOf(at)));

    [Theory]
    [InlineData(ActivityTraceFlags.Recorded, true)]
    [InlineData(ActivityTraceFlags.None, false)]
    public void Span_WithAParent_FollowsIt(ActivityTraceFlags flags, bool kept)
    {
        var parent = new ActivityContext(TraceOf(1), ActivitySpanId.CreateRandom(), flags);

        Keeps(JobSampler.Of(Settings("traceidratio", kept ? "0" : "1")), parent.TraceId, parent).Should().Be(kept);
    }

    [Theory]
    [InlineData("sometimes", null, "*OTEL_TRACES_SAMPLER is 'sometimes'*")]
    [InlineData("traceidratio", "2", "*OTEL_TRACES_SAMPLER_ARG is '2'*0 to 1*")]
    public void Setting_WhenItIsNotOne_IsRefused(string kind, string? ratio, string message)
    {
        var make = () => JobSampler.Of(Settings(kind, ratio));

        make.Should().Throw<CompositionException>().WithMessage(message);
    }

    private static bool Keeps(JobSampler sampler, ActivityTraceId trace, ActivityContext parent = default) =>
        sampler.ShouldSample(new SamplingParameters(parent, trace, "run", ActivityKind.Internal)).Decision
        == SamplingDecision.RecordAndSample;

    private static ActivityTraceId TraceOf(int at) => JobSpan.TraceIdOf(new JobId(0x6b056a409afce1c4, 0xf0000000 + (uint)at));

    private static IConfiguration Settings(string? kind, string? ratio) => new ConfigurationBuilder()
        .AddInMemoryCollection([new("OTEL_TRACES_SAMPLER", kind), new("OTEL_TRACES_SAMPLER_ARG", ratio)]).Build();
}
