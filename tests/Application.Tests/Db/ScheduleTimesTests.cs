using System.Globalization;
using FaaS.Application.Db;

namespace FaaS.Application.Tests.Db;

public sealed class ScheduleTimesTests
{
    [Theory]
    [InlineData("*/15 * * * *", "UTC", "2026-11-24T10:01:00Z", "2026-11-24T10:15:00Z 2026-11-24T10:30:00Z")]
    [InlineData("@daily", "Europe/Madrid", "2026-11-24T00:00:00Z", "2026-11-24T23:00:00Z 2026-11-25T23:00:00Z")]
    [InlineData("0 0 29 2 *", "UTC", "2026-11-24T00:00:00Z", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z")]
    [InlineData("0 9 * * MON-FRI", "America/New_York", "2026-11-27T20:00:00Z", "2026-11-30T14:00:00Z 2026-12-01T14:00:00Z")]
    // Clocks go forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October.
    [InlineData("30 2 * * *", "Europe/Madrid", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Madrid", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z 2026-10-26T01:30:00Z")]
    [InlineData("30 * * * *", "Europe/Madrid", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z 2026-10-25T01:30:00Z")]
    public void Next_IsWhatPeopleExpect_ThroughChangesOfTheClocks(string cron, string zone, string after, string expected)
    {
        var times = ScheduleTimes.Parse(cron, zone).Value;

        var first = times.NextAfter(Ms(after))!.Value;

        string.Join(' ', Text(first), Text(times.NextAfter(first)!.Value)).Should().Be(expected);
    }

    [Theory]
    [InlineData("", "UTC", "is malformed")]
    [InlineData("* * * *", "UTC", "is malformed")]
    [InlineData("* * * * * *", "UTC", "is malformed")]
    [InlineData("61 * * * *", "UTC", "is malformed")]
    [InlineData("@reboot", "UTC", "is malformed")]
    [InlineData("* * * * *", "Mars/Olympus", "no time zone 'Mars/Olympus'")]
    [InlineData("* * * * *", "Romance Standard Time", "no time zone")]
    public void Parse_OfWhatIsWrong_SaysWhatIsAllowed(string cron, string zone, string message) =>
        ScheduleTimes.Parse(cron, zone).Error!.Message.Should().Contain(message);

    [Theory]
    [InlineData(MissedRuns.Latest, "10:04", "10:04", "10:05")]
    [InlineData(MissedRuns.Latest, "10:01", "10:01", "10:02")]
    [InlineData(MissedRuns.Skip, "10:04", "10:03 10:04", "10:05")]
    [InlineData(MissedRuns.All, "10:04", "10:01 10:02 10:03 10:04", "10:05")]
    [InlineData(MissedRuns.All, "10:00", "", "10:01")]
    public void Due_AfterAnAbsence_FollowsTheRuleOfMissedRuns(MissedRuns missed, string now, string runs, string next)
    {
        var times = ScheduleTimes.Parse("* * * * *", "UTC").Value;

        var due = times.Due(At("10:01"), At(now), missed);

        string.Join(' ', due.Runs.Select(Clock)).Should().Be(runs);
        Clock(due.NextMs).Should().Be(next);
    }

    [Fact]
    public void Due_AfterALongAbsence_MakesUpForTheLastHundred()
    {
        var times = ScheduleTimes.Parse("* * * * *", "UTC").Value;

        var due = times.Due(At("00:00"), At("10:00"), MissedRuns.All);

        due.Runs.Should().HaveCount(ScheduleLimits.CatchUpMax);
        (due.Runs[^1], due.NextMs).Should().Be((At("10:00"), At("10:01")));
    }

    private static long At(string clock) => Ms($"2026-11-24T{clock}:00Z");

    private static long Ms(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

    private static string Text(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Clock(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("HH:mm", CultureInfo.InvariantCulture);
}
