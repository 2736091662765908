using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using FaaS.Application.Scaler;
using FaaS.Domain;
using FaaS.Tests.Shared;

namespace FaaS.Application.Tests.Scaler;

/// <summary>What the scaler asks of its fleet, and what it does when one of its sources says nothing.</summary>
public sealed partial class ScalerLoopTests
{
    private static readonly Error Away = new(ErrorCode.NotDurable, "The queue is away.", 1);

    [Fact]
    public async Task Backlog_ScalesUp_AndTheLogSaysWhyAndHowItWent()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(1));
        rig.Counts = rig.Counts with { Queued = 50, InFlight = 2 };

        await rig.TickAsync();

        rig.Fleet.Asked.Should().Equal("scale 3");
        rig.Last.Should().BeEquivalentTo(new { Present = 1, Target = 3, Rule = "backlog", Fleet = "scripted", Outcome = "done" });
        rig.Last.Reason.Should().Contain("at once at most double and one more, which makes 3");
        rig.Last.Sample!.Queued.Should().Be(50);
    }

    [Fact]
    public async Task WorkersThatStart_Count_SoThatNoneIsAskedForTwice()
    {
        using var rig = new ScalerRig(new ScriptedFleet { StartsSlowly = true }.With(1), options =>
        {
            options.Policy = ScalerPolicy.Doubling;
            options.WorkerMax = 2;
        });
        rig.Counts = rig.Counts with { Queued = 50 };

        await rig.TickAsync(3);

        rig.Fleet.Asked.Should().Equal("scale 2");
        rig.Last.Sample.Should().BeEquivalentTo(new { Workers = 1, Starting = 1 });
    }

    [Fact]
    public async Task Surplus_DrainsTheNewestBeforeItScales()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(8), options => options.Policy = ScalerPolicy.Doubling);

        await rig.TickAsync();

        rig.Fleet.Asked.Should().Equal("drain w8 w7 w6 w5", "scale 4");
        rig.Last.Should().BeEquivalentTo(new { Present = 8, Target = 4, Rule = "surplus", Outcome = "done" });
    }

    [Fact]
    public async Task Default_TakesNothingAway_BeforeItHasSeenAMinute()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(8));

        await rig.TickAsync(9);
        rig.Fleet.Asked.Should().BeEmpty();
        rig.Last.Rule.Should().Be("learning");

        await rig.TickAsync(10);
        rig.Fleet.Asked.Should().Contain("scale 6", "a quarter at a time").And.Contain("drain w8 w7");
    }

    [Fact]
    public async Task QueueAway_DecidesNothing_AndGoesOnAfterwards()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(4), options => options.Policy = ScalerPolicy.Doubling);
        rig.QueueTrouble = Away;

        await rig.TickAsync(2);
        rig.Last.Should().BeEquivalentTo(new { Rule = "missing", Target = (int?)null, Outcome = (string?)null });

        rig.QueueTrouble = null;
        rig.Counts = rig.Counts with { Queued = 10 };
        await rig.TickAsync();
        rig.QueueTrouble = Away;
        await rig.TickAsync(4);

        rig.Last.Rule.Should().Be("stale");
        rig.Fleet.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task FleetThatFails_DecidesNothing_SaysWhy_AndGoesOnAfterwards()
    {
        var fleet = new ScriptedFleet { Failure = FleetAnswer.Fail(FleetOutcome.NoCredentials, "There is no file KUMORI_CREDENTIALS.") };
        using var rig = new ScalerRig(fleet);
        rig.Counts = rig.Counts with { Queued = 50 };

        await rig.TickAsync();
        rig.Last.Rule.Should().Be("fleet_away");
        rig.Last.Reason.Should().Contain("There is no file KUMORI_CREDENTIALS.");
        rig.Measurements.Count("faas.scaler.fleet.calls current no_credentials").Should().Be(1);

        fleet.Failure = null;
        await rig.TickAsync(2);

        rig.Last.Outcome.Should().Be("done");
        fleet.Asked.Should().StartWith("scale 1");
    }

    [Fact]
    public async Task ChangeThatFails_IsRecordedAsThat_AndTriedAgain()
    {
        var fleet = new ScriptedFleet().With(1);
        using var rig = new ScalerRig(fleet, options => options.Policy = ScalerPolicy.Doubling);
        await rig.TickAsync();
        rig.Counts = rig.Counts with { Queued = 50 };
        fleet.Failure = FleetAnswer.Fail(FleetOutcome.Refused, "Quota exceeded.");

        await rig.TickAsync();
        rig.Last.Should().BeEquivalentTo(new { Target = 2, Outcome = "refused", Detail = "Quota exceeded." });

        fleet.Failure = null;
        await rig.TickAsync();

        fleet.Asked.Should().Equal("scale 2", "scale 2");
        rig.Last.Should().BeEquivalentTo(new { Target = 2, Outcome = "done" });
    }

    [Fact]
    public async Task ChangeThatFailsAgainAndAgain_IsRecordedOnceAMinute()
    {
        var fleet = new ScriptedFleet().With(1);
        using var rig = new ScalerRig(fleet, options => options.Policy = ScalerPolicy.Doubling);
        await rig.TickAsync();
        rig.Counts = rig.Counts with { Queued = 50 };
        fleet.FailsChanges = FleetAnswer.Fail(FleetOutcome.Refused, "Quota exceeded.");

        await rig.TickAsync(12);

        fleet.Asked.Should().HaveCount(12).And.OnlyContain(asked => asked == "scale 2");
        rig.Log.Count(decision => decision.Outcome == "refused").Should().BeInRange(1, 2);
    }

    [Fact]
    public async Task Change_IsNotAskedForAgain_OnWhatWasKnownBeforeIt()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(8), options => options.Policy = ScalerPolicy.Doubling);
        await rig.TickAsync();
        rig.QueueTrouble = Away;

        await rig.TickAsync();

        rig.Fleet.Asked.Should().Equal("drain w8 w7 w6 w5", "scale 4");
        rig.Log.Should().ContainSingle(decision => decision.Outcome == "done");
    }

    [Fact]
    public async Task Stop_RecordsWhatStillWaits()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(1));
        rig.LogTrouble = Away;
        await rig.Loop.StartAsync(default);
        await Eventually.HoldsAsync(() => rig.Measurements.Read("faas.scaler.unrecorded") == 1);
        rig.LogTrouble = null;

        await rig.Loop.StopAsync(default);

        rig.Log.Should().ContainSingle();
    }

    [Fact]
    public async Task FleetThatThrows_IsLikeOneThatFails()
    {
        var fleet = new ScriptedFleet { Error = new InvalidOperationException("broken") };
        using var rig = new ScalerRig(fleet);

        await rig.TickAsync(2);

        rig.Last.Rule.Should().Be("fleet_away");
        rig.Last.Reason.Should().Contain("broken");
    }

    [Fact]
    public async Task FleetThatTakesLong_IsAskedOnce_WhileTheQueueIsSampledOn()
    {
        var fleet = new ScriptedFleet().With(1);
        using var rig = new ScalerRig(fleet, options => options.Policy = ScalerPolicy.Doubling);
        await rig.TickAsync();
        rig.Counts = rig.Counts with { Queued = 50 };
        var gate = new TaskCompletionSource();
        fleet.Gate = gate.Task;
        await rig.TickSlowlyAsync();

        var recorded = rig.Log.Count;
        await rig.TickSlowlyAsync();
        fleet.Asked.Should().Equal("scale 2");
        rig.Log.Should().HaveCount(recorded, "while a change is under way nothing is decided");

        // Far beyond three intervals, which is when the fleet's number says nothing any more; the queue's do.
        for (var tick = 0; tick < 5; tick++) await rig.TickSlowlyAsync();
        rig.Measurements.Read("faas.scaler.sample_age").Should().BeLessThan(20);
        gate.SetResult();
        await rig.TickAsync(2);
        rig.Log.Should().Contain(decision => decision.Target == 2 && decision.Outcome == "done");
    }

    [Fact]
    public async Task NoFleet_OnlyAdvises_ByTheWorkersTheQueueHears()
    {
        using var rig = new ScalerRig(null, options => options.Policy = ScalerPolicy.Doubling);
        rig.Counts = rig.Counts with { Workers = 3, Queued = 50 };

        await rig.TickAsync(5);

        rig.Log.Should().ContainSingle("what is only said again is recorded once a minute")
            .Which.Should().BeEquivalentTo(new { Present = 3, Target = 6, Fleet = (string?)null, Outcome = (string?)null });
        await rig.TickAsync(12);
        rig.Log.Should().HaveCount(2);
    }

    [Fact]
    public async Task Decisions_ThatCannotBeRecorded_AreKept_AndRecordedOnceLater()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(1), options => options.Policy = ScalerPolicy.Doubling);
        rig.LogTrouble = Away;
        await rig.TickAsync();
        rig.Counts = rig.Counts with { Queued = 50 };
        await rig.TickAsync();
        rig.Log.Should().BeEmpty();
        rig.Measurements.Read("faas.scaler.unrecorded").Should().Be(2);

        rig.LogTrouble = new Error(ErrorCode.OutcomeUnknown, "The connection broke.", 1);
        await rig.TickAsync();
        rig.LogTrouble = null;
        await rig.TickAsync();

        rig.Log.Select(decision => decision.Number).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems().And.StartWith([1, 2]);
        await rig.TickAsync();
        rig.Measurements.Read("faas.scaler.unrecorded").Should().Be(0);
    }

    [Fact]
    public async Task Batch_ThatIsNoGood_DoesNotKeepLaterOnesFromBeingRecorded()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(1), options => options.Policy = ScalerPolicy.Doubling);
        rig.LogTrouble = new Error(ErrorCode.BadRequest, "No good.");
        await rig.TickAsync();

        rig.LogTrouble = null;
        rig.Counts = rig.Counts with { Queued = 50 };
        await rig.TickAsync();

        rig.Log.Should().ContainSingle().Which.Number.Should().Be(2);
    }

    [Fact]
    public async Task Instruments_AreThoseOfTheDocument()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(1));
        rig.Counts = rig.Counts with { Queued = 50 };
        await rig.TickAsync(2);

        var documented = MetricRow().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs/operations.md")))
            .Select(match => match.Groups["name"].Value);
        rig.Measurements.Names.Should().BeEquivalentTo(documented);
        rig.Measurements.Read("faas.scaler.target").Should().Be(rig.Last.Target);
        rig.Measurements.Read("faas.scaler.workers running").Should().Be(rig.Last.Target);
        rig.Measurements.Read("faas.scaler.sample_age").Should().Be(0);
    }

    [Theory]
    [InlineData("WorkerMin", 5, "WorkerMin must be 0 to WorkerMax (4)")]
    [InlineData("QueueMin", 40, "QueueMin must be 0 to QueueMax (32)")]
    public void Options_ThatDoNotGoTogether_AreRefusedByName(string option, int value, string message)
    {
        var options = new ScalerOptions { WorkerMax = 4, Policy = option == "QueueMin" ? ScalerPolicy.Doubling : ScalerPolicy.QueueDelay };
        typeof(ScalerOptions).GetProperty(option)!.SetValue(options, value);
        Validator.TryValidateObject(options, new ValidationContext(options), null, validateAllProperties: true).Should().BeTrue();

        var result = new ScalerOptions.Check().Validate(null, options);

        result.FailureMessage.Should().Contain(message);
    }

    [Fact]
    public async Task Service_TicksByItself_AndStops()
    {
        using var rig = new ScalerRig(new ScriptedFleet().With(1));
        await rig.Loop.StartAsync(default);
        await Eventually.HoldsAsync(() => rig.Log.Count > 0);
        rig.Counts = rig.Counts with { Queued = 50 };

        await Eventually.HoldsAsync(() =>
        {
            rig.Time.Advance(rig.Options.Interval);
            return rig.Fleet.Asked.Count > 0;
        });

        await rig.Loop.StopAsync(default);
    }

    [GeneratedRegex(@"^\| `(?<name>faas_scaler_\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();
}
