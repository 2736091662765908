using FaaS.Application.Db;
using FaaS.Application.Queue;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Tests;

/// <summary>Messages with ordinary values, for tests that care about one of them.</summary>
internal static class Some
{
    private static uint _counter;

    public static JobId Id() => new(0x65_00_00_00_AA_BB_CC_DD, Interlocked.Increment(ref _counter));

    public static JobSubmission Submission(
        JobId? id = null, string user = "ann", string function = "add", Body? arguments = null, long dueAtMs = 0) =>
        new(id ?? Id(), user, function, arguments ?? Body.Of("[1]"u8.ToArray()), 1_700_000_000_000, dueAtMs);

    public static EnqueueJobs Enqueue(params JobId[] ids) => new([.. ids.Select(id => Submission(id))]);

    public static EnqueueJobs Enqueue(JobSubmission submission) => new([submission]);

    public static LeaseJobs Lease(Guid worker, int max = 1, int waitMs = 0, params HeldLease[] held) =>
        new(worker, Math.Max(1, max), Math.Max(1, max), max, waitMs, held);

    public static FunctionBinding Binding() => new(
        5, 6, 7, "ann", "add", 2, new SourceHash("00112233445566778899aabbccddeeff"), FunctionLimits.Default);

    public static AttemptEnd Success(int wallMs = 2) => new(
        Outcome.Success, ResultKind.Json, Body.Of("3"u8.ToArray()), null, Body.Empty,
        new ResourceUsage(TimeSpan.FromMilliseconds(wallMs), TimeSpan.Zero, TimeSpan.Zero));

    public static AttemptReport Report(LeasedJob job, AttemptEnd? end = null) => new(job.Job, job.Token, end ?? Success());

    /// <summary>A change from one worker to two, of 2023-11-14T22:13:20Z.</summary>
    public static DecisionReport Decision(long number = 1) => new(
        number, DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000), "queue-delay", "backlog", 1, 2, 2, "12 jobs wait.",
        null, null, "process", "done", null);
}
