using System.Globalization;

namespace FaaS.Hosts.Tests.Hostile;

/// <summary>
/// A tenant who minds their own business beside the attacks: one trivial job after another, each with an argument of its own.
/// Time is the platform's, from a job's submission to its end, so that a slow client is not taken for a slow platform.
/// </summary>
public sealed class Neighbour(FaasClient client, string user)
{
    private readonly List<double> _ms = [];

    public const string Source = "n => n + 1";

    /// <summary>Between two jobs: enough of them for a judgement, and not a load of its own.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>How long each job took, in ms, sorted. Read it when the run is over.</summary>
    public IReadOnlyList<double> SortedMs => [.. _ms.Order()];

    /// <summary>Goes on until it is stopped; each job has to succeed, with its own result.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pace);
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var answer = await client.RunAsync(user, "f", $"[{n}]");
            answer.Json.GetProperty("outcome").GetString().Should().Be("success", answer.Body);
            answer.Json.GetProperty("result").GetString().Should().Be((n + 1).ToString(CultureInfo.InvariantCulture));
            var info = await client.InfoAsync(answer.Res.GetString()!);
            _ms.Add((info.GetProperty("endedAt").GetDateTimeOffset() - info.GetProperty("submittedAt").GetDateTimeOffset()).TotalMilliseconds);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
