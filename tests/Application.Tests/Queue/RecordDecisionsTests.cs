using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Application.Scaler;
using FaaS.Domain;
using FaaS.Domain.Scaling;

namespace FaaS.Application.Tests.Queue;

/// <summary>A decision's way from the scaler through the queue to the log.</summary>
public sealed class RecordDecisionsTests
{
    private static readonly Guid Scaler = Guid.NewGuid();

    [Theory]
    [InlineData(Shape.Direct)]
    [InlineData(Shape.Codec)]
    public async Task Record_OfAScaler_IsInTheLog(Shape shape)
    {
        // The queue is not started: it relays what it has no part in.
        await using var parts = Parts.Build(shape, caller: Roles.Scaler);

        var answer = await parts.Mediator.Send(new RecordDecisions(Scaler, [Some.Decision(1), Some.Decision(2)]));

        answer.Value.New.Should().Be(2);
        (await ListAsync(parts)).Select(row => row.Decision).Should().Equal(Some.Decision(2), Some.Decision(1));
    }

    [Fact]
    public async Task Record_WhenItIsSentAgain_IsInTheLogOnce()
    {
        await using var parts = Parts.Build();
        await parts.Mediator.Send(new RecordDecisions(Scaler, [Some.Decision(1)]));

        var again = await parts.Mediator.Send(new RecordDecisions(Scaler, [Some.Decision(1), Some.Decision(2)]));

        again.Value.New.Should().Be(1);
        (await ListAsync(parts)).Select(row => row.Decision.Number).Should().Equal(2, 1);
    }

    [Theory]
    [InlineData(ErrorCode.NotDurable)]
    [InlineData(ErrorCode.OutcomeUnknown)]
    [InlineData(ErrorCode.Unavailable)]
    public async Task Record_WhenTheStoreIsAway_TellsTheScaler(ErrorCode code)
    {
        await using var parts = Parts.Build(Shape.Codec, caller: Roles.Scaler);
        var down = new Error(code, "The store is away.", 1);
        parts.Store.Down = down;

        (await parts.Mediator.Send(new RecordDecisions(Scaler, [Some.Decision()]))).Error.Should().Be(down);
    }

    [Fact]
    public void Report_OfADecision_HasItsWords()
    {
        var sample = new ScalingSample(DateTimeOffset.UnixEpoch, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        var measures = new ScalingMeasures(1, 2, 3, 4, null, 5);
        var decision = new ScalingDecision(
            DateTimeOffset.UnixEpoch, "queue-delay", ScalingRule.StoreAway, 1, 3, 2, "Why.", sample, measures);

        decision.ToReport(7, "process", FleetOutcome.NoCredentials, "No token.").Should().Be(new DecisionReport(
            7, DateTimeOffset.UnixEpoch, "queue-delay", "store_away", 1, 3, 2, "Why.", sample, measures, "process",
            "no_credentials", "No token."));
        decision.ToReport(7, null, null, null).Outcome.Should().BeNull();
    }

    [Fact]
    public async Task Report_OfLongTexts_IsCutToWhatIsTaken()
    {
        await using var parts = Parts.Build();
        var decision = new ScalingDecision(
            DateTimeOffset.UnixEpoch, "doubling", ScalingRule.Missing, 0, null, null, new string('r', 5_000), null, null);

        var report = decision.ToReport(1, "kubernetes", FleetOutcome.Refused, new string('d', 5_000));

        report.Reason.Should().EndWith("r…").And.HaveLength(1_000);
        report.Detail.Should().EndWith("d…").And.HaveLength(1_000);
        (await parts.Mediator.Send(new RecordDecisions(Scaler, [report]))).IsOk.Should().BeTrue();
    }

    [Fact]
    public void Parse_OfATextOfAnotherRelease_ReadsWhatIsThere()
    {
        const string Text = """
            {"number":1,"at":0,"policy":"p","rule":"of_tomorrow","present":1,"target":2,"reason":"r.","more":[1],
            "sample":{"at":5,"queued":3}}
            """;

        var report = DecisionReport.Parse(Text);

        report.Rule.Should().Be("of_tomorrow");
        report.IsChange.Should().BeTrue();
        report.Sample!.Queued.Should().Be(3);
    }

    private static async Task<IReadOnlyList<RecordedDecision>> ListAsync(Parts parts) =>
        (await parts.Store.ListAsync(long.MaxValue, false, 100, int.MaxValue, default)).Value.Decisions;
}
