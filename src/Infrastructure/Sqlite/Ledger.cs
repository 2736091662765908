using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sqlite.Native;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>
/// What was used, billed once. A row for each attempt is the evidence, and by its key what makes a repeated bill
/// harmless; the day's sum, changed in the same transaction and only by a row that is new, is what is read: the time of
/// an owner with a million attempts must not take a million rows to tell. A commit's bills are summed first, so that a
/// day costs one write a commit and not one a job.
/// </summary>
internal sealed class Ledger
{
    private const long MsPerDay = 24L * 60 * 60 * 1000;

    private const string Insert = "INSERT OR IGNORE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

    private const string AddToDay = """
        INSERT INTO ledger_days VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET invocations = invocations + excluded.invocations,
            queued_us = queued_us + excluded.queued_us, cold_us = cold_us + excluded.cold_us,
            cpu_us = cpu_us + excluded.cpu_us, wall_us = wall_us + excluded.wall_us
        """;

    private readonly Dictionary<(long Generation, long Function, long Day), Sum> _days = [];

    /// <summary>Begins a commit: what an earlier one that failed has summed is forgotten.</summary>
    public void Begin() => _days.Clear();

    /// <summary>Bills an attempt, unless it is billed already.</summary>
    public void Bill(
        Statements statements, FunctionBinding binding, ReadOnlySpan<byte> job, int attempt, long endedAtMs,
        long queuedUs, ResourceUsage usage)
    {
        var day = endedAtMs / MsPerDay;
        var (cold, cpu, wall) = (Us(usage.ColdStart), Us(usage.Cpu), Us(usage.Wall));
        statements[Insert].Bind(binding.Generation).Bind(job).Bind(attempt).Bind(binding.FunctionId).Bind(day)
            .Bind(queuedUs).Bind(cold).Bind(cpu).Bind(wall).Run();
        if (statements.Database.Changes == 0) return;
        var key = (binding.Generation, binding.FunctionId, day);
        _days.TryGetValue(key, out var sum);
        _days[key] = new Sum(
            sum.Invocations + 1, sum.QueuedUs + queuedUs, sum.ColdUs + cold, sum.CpuUs + cpu, sum.WallUs + wall);
    }

    /// <summary>Writes the sums of the commit.</summary>
    public void Finish(Statements statements)
    {
        foreach (var ((generation, function, day), sum) in _days)
            statements[AddToDay].Bind(generation).Bind(function).Bind(day).Bind(sum.Invocations).Bind(sum.QueuedUs)
                .Bind(sum.ColdUs).Bind(sum.CpuUs).Bind(sum.WallUs).Run();
        _days.Clear();
    }

    /// <summary>Whole microseconds, as they are stored.</summary>
    public static long Us(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private readonly record struct Sum(long Invocations, long QueuedUs, long ColdUs, long CpuUs, long WallUs);
}
