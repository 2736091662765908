using System.Buffers.Binary;
using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FaaS.Application.Queue;

/// <summary>
/// Makes the jobs of schedules, at the turn of each minute of Db's clock. A job's id follows from the function and from the
/// instant it was due: a queue that dies between making it and saying so makes it again, which makes nothing. What the
/// queue cannot take now stays due.
/// </summary>
internal sealed class ScheduleLoop(IMediator mediator, QueueMetrics metrics, TimeProvider time, ILogger<ScheduleLoop> logger)
    : BackgroundService
{
    /// <summary>Jobs that are submitted at a time: what <see cref="EnqueueJobs"/> takes.</summary>
    private const int EnqueueMax = 256;

    /// <summary>A reason as it is kept: a sentence.</summary>
    private const int RefusalChars = NoteRunsValidator.RefusalCharsMax;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var wait = await RoundAsync(stoppingToken).ConfigureAwait(false);
                await Task.Delay(wait, time, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>The id of the job that a function is to run as, of what was due at an instant.</summary>
    internal static JobId IdOf(long generation, long function, long dueAtMs)
    {
        Span<byte> key = stackalloc byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(key, generation);
        BinaryPrimitives.WriteInt64BigEndian(key[8..], function);
        BinaryPrimitives.WriteInt64BigEndian(key[16..], dueAtMs);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, digest);
        // The first four bytes are seconds since 1970, as in every id.
        BinaryPrimitives.WriteUInt32BigEndian(digest, (uint)(dueAtMs / 1_000));
        return JobId.Read(digest[..JobId.Size]);
    }

    /// <summary>Makes what is due; how long there is nothing to do then.</summary>
    private async Task<TimeSpan> RoundAsync(CancellationToken cancellation)
    {
        try
        {
            return await MakeDueAsync(cancellation).ConfigureAwait(false) ?? RetryAfter;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // The loop's top: what one round meets must not end the queue; the next one is due soon.
        catch (Exception error)
#pragma warning restore CA1031
        {
            QueueLog.SchedulesThrew(logger, error);
            return RetryAfter;
        }
    }

    /// <summary>Null when something could not be made and is to be tried again soon.</summary>
    private async Task<TimeSpan?> MakeDueAsync(CancellationToken cancellation)
    {
        var isAllMade = true;
        for (var after = (Ms: 0L, Function: 0L); ;)
        {
            var due = await mediator.Send(new ListDueRuns(after.Ms, after.Function), cancellation).ConfigureAwait(false);
            if (!due.IsOk) return null;
            if (due.Value.Schedules.Count > 0)
            {
                isAllMade &= await MakeAsync(due.Value.Schedules, cancellation).ConfigureAwait(false);
                after = (due.Value.Schedules[^1].DueAtMs, due.Value.Schedules[^1].FunctionId);
            }
            if (!due.Value.More) return isAllMade ? TimeSpan.FromMilliseconds(Math.Max(1, due.Value.WaitMs)) : null;
        }
    }

    private async Task<bool> MakeAsync(IReadOnlyList<DueSchedule> due, CancellationToken cancellation)
    {
        var submissions = due.SelectMany(schedule => schedule.Runs.Select(run => (Schedule: schedule, Run: run))).ToList();
        var ends = new Dictionary<long, ScheduledRun?>();
        var later = new HashSet<long>();
        foreach (var part in submissions.Chunk(EnqueueMax))
        {
            var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            var jobs = part.Select(job => new JobSubmission(
                IdOf(job.Schedule.Generation, job.Schedule.FunctionId, job.Run), job.Schedule.User, job.Schedule.Function,
                Body.Of(job.Schedule.Arguments), nowMs)).ToList();
            var made = await mediator.Send(new EnqueueJobs(jobs), cancellation).ConfigureAwait(false);
            for (var at = 0; at < part.Length; at++)
            {
                var error = made.IsOk ? made.Value.Errors[at] : made.Error;
                if (error is not null && IsPassing(error.Code)) later.Add(part[at].Schedule.FunctionId);
                else ends[part[at].Schedule.FunctionId] = End(part[at].Run, jobs[at].Id, error);
            }
        }
        return await NoteAsync(due, ends, later, cancellation).ConfigureAwait(false) && later.Count == 0;
    }

    /// <summary>Whether the platform, and not the user, is what stands in the way.</summary>
    private static bool IsPassing(ErrorCode code) => code is
        ErrorCode.NotDurable or ErrorCode.OutcomeUnknown or ErrorCode.Unavailable or ErrorCode.QueueFull or ErrorCode.Internal;

    private ScheduledRun End(long dueAtMs, JobId id, Error? error)
    {
        metrics.Scheduled(isRefused: error is not null);
        if (error is null) return new ScheduledRun(dueAtMs, id, null);
        return new ScheduledRun(dueAtMs, null, error.Message.Length <= RefusalChars ? error.Message : error.Message[..RefusalChars]);
    }

    /// <summary>A schedule of which any run is to be tried again stays as it is: those that were made make nothing then.</summary>
    private async Task<bool> NoteAsync(
        IReadOnlyList<DueSchedule> due, Dictionary<long, ScheduledRun?> ends, HashSet<long> later, CancellationToken cancellation)
    {
        NotedRun[] notes = [.. due.Where(schedule => !later.Contains(schedule.FunctionId)).Select(schedule => new NotedRun(
            schedule.FunctionId, schedule.Revision, schedule.DueAtMs, schedule.NextAtMs, ends.GetValueOrDefault(schedule.FunctionId)))];
        return notes.Length == 0 || (await mediator.Send(new NoteRuns(notes), cancellation).ConfigureAwait(false)).IsOk;
    }
}
