using System.Text;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Tests.Sqlite;

/// <summary>Commits of many jobs at once.</summary>
internal static class Batch
{
    public const long NowMs = 1_795_478_400_000;

    public static JobId Id(long number) => new((ulong)number << 20, (uint)number);

    public static JobCommit Added(long epoch, long from, int count, string user = "ada") =>
        new(epoch, [.. Numbers(from, count).Select(number => New(number, user))], [], [], []);

    public static JobCommit Ended(long epoch, long from, int count) =>
        new(epoch, [], [.. Numbers(from, count).Select(End)], [], []);

    public static NewJob New(long number, string user = "ada") => new(number, new JobSubmission(
        Id(number), user, "add", Body.Of(Encoding.UTF8.GetBytes("[1,2]")), NowMs));

    public static JobEnd End(long number) => new(
        Id(number), JobState.Succeeded, new AttemptCounts(1, 0, 0),
        new AttemptEnd(
            Outcome.Success, ResultKind.Json, Body.Of("3"u8.ToArray()), null, Body.Empty,
            new ResourceUsage(TimeSpan.FromMicroseconds(1_000), TimeSpan.FromMicroseconds(800), default)),
        NowMs + 1, NowMs + 2);

    private static IEnumerable<long> Numbers(long from, int count)
    {
        for (var number = from; number < from + count; number++) yield return number;
    }
}
