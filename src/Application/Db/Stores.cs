using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Db;

/// <summary>The queue's new epoch, and where the order of jobs goes on.</summary>
/// <param name="Number">Larger than every epoch before it.</param>
/// <param name="LastSequence">The largest sequence number that was ever stored; 0 when there was none.</param>
/// <param name="LeaseKey">What leases are sealed with, the same for every epoch: <see cref="LeaseSealer.KeySize"/> bytes.</param>
public sealed record Epoch(long Number, long LastSequence, byte[] LeaseKey)
{
    /// <summary>Without the key, which is nobody's to read in a log.</summary>
    public override string ToString() => $"Epoch {Number} after {LastSequence}";
}

/// <summary>A page of jobs that have not ended, in the order of their sequence numbers.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="More">Whether there are jobs beyond the page.</param>
public sealed record UnfinishedJobs(IReadOnlyList<UnfinishedJob> Jobs, bool More);

/// <summary>Which parts of a job's record a reader wants; each costs a read.</summary>
[Flags]
public enum JobParts
{
    /// <summary>State, counts and times only.</summary>
    None = 0,

    /// <summary>The result's bytes and the error.</summary>
    Result = 1,

    /// <summary>The log lines.</summary>
    Logs = 2,
}

/// <summary>A job as the store knows it. That it is leased is only known to the queue.</summary>
/// <param name="Id">The job.</param>
/// <param name="Sequence">Its place in the order.</param>
/// <param name="Binding">The version it runs or ran.</param>
/// <param name="State">Delayed, queued, or terminal.</param>
/// <param name="Outcome">How it ended; null while it has not.</param>
/// <param name="Counts">Attempts that ended.</param>
/// <param name="SubmittedAtMs">When it was submitted, Unix ms.</param>
/// <param name="DueAtMs">Not before this instant, Unix ms; 0 for at once.</param>
/// <param name="StartedAtMs">When its last ended attempt was leased, Unix ms; 0 when none ended.</param>
/// <param name="EndedAtMs">When it ended, Unix ms; 0 while it has not.</param>
/// <param name="Usage">What the last ended attempt used.</param>
/// <param name="Kind">How to read <paramref name="Value"/>.</param>
/// <param name="Value">The result's UTF-8 text; null unless asked for and there.</param>
/// <param name="Error">What was thrown; null unless asked for and there.</param>
/// <param name="Logs">A JSON array in UTF-8; null unless asked for and there.</param>
/// <param name="RedriveOf">The job this one repeats.</param>
public sealed record JobRecord(
    JobId Id, long Sequence, FunctionBinding Binding, JobState State, Outcome? Outcome, AttemptCounts Counts,
    long SubmittedAtMs, long DueAtMs, long StartedAtMs, long EndedAtMs, ResourceUsage Usage,
    ResultKind Kind, byte[]? Value, FunctionError? Error, byte[]? Logs, JobId? RedriveOf);

/// <summary>What one run of retention removed.</summary>
/// <param name="Jobs">Finished jobs whose time was over, or that were deleted.</param>
/// <param name="Payloads">Payloads that no job refers to.</param>
public readonly record struct RetentionSweep(int Jobs, int Payloads);

/// <summary>
/// Jobs, their bodies and the ledger. Every call is atomic; none needs a transaction that spans calls. A store that
/// cannot answer gives <see cref="ErrorCode.NotDurable"/> when certainly nothing was written, and
/// <see cref="ErrorCode.OutcomeUnknown"/> when it cannot tell.
/// </summary>
public interface IJobStore
{
    /// <summary>Takes the next epoch, durably. Commits of earlier epochs are refused from then on.</summary>
    Task<Result<Epoch>> TakeEpochAsync(CancellationToken cancellation);

    /// <summary>
    /// The key that leases are sealed with: random, made and stored when it is first asked for, and the same ever after.
    /// </summary>
    Task<Result<byte[]>> ReadLeaseKeyAsync(CancellationToken cancellation);

    /// <summary>
    /// Stores one group commit, durable when it returns. New jobs are bound to their function's current version here,
    /// refused with <see cref="ErrorCode.UserNotFound"/> or <see cref="ErrorCode.FunctionNotFound"/> where there is
    /// none, and repeated without effect; with <see cref="ErrorCode.AlreadySubmitted"/> or <see cref="ErrorCode.Conflict"/>
    /// where their idempotency key is another job's. An end is a guarded write: state, result and ledger entry (for a billed one)
    /// together, and only if the job had not ended. Repeating a whole commit gives the same answer.
    /// </summary>
    /// <returns>
    /// One status a row; or <see cref="ErrorCode.LeaseLost"/> when the epoch is not the newest,
    /// <see cref="ErrorCode.NotDurable"/>, <see cref="ErrorCode.OutcomeUnknown"/>.
    /// </returns>
    Task<Result<JobCommitted>> CommitAsync(JobCommit commit, CancellationToken cancellation);

    /// <summary>Jobs that have not ended, after a sequence number.</summary>
    /// <param name="afterSequence">Exclusive.</param>
    /// <param name="max">At most this many, up to 10,000.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<UnfinishedJobs>> LoadUnfinishedAsync(long afterSequence, int max, CancellationToken cancellation);

    /// <summary>One job; <see cref="ErrorCode.JobNotFound"/> when there is none, or it was deleted.</summary>
    Task<Result<JobRecord>> FindAsync(JobId id, JobParts parts, CancellationToken cancellation);

    /// <summary>The arguments of jobs, in the order asked for; null for a job that is gone.</summary>
    Task<Result<IReadOnlyList<byte[]?>>> ReadArgumentsAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellation);

    /// <summary>
    /// Stores a body before the job or end that will refer to it. Repeating it changes nothing. One that nothing
    /// refers to is removed by <see cref="SweepAsync"/> an hour later.
    /// </summary>
    Task<Result<bool>> StorePayloadAsync(Guid id, byte[] bytes, long nowMs, CancellationToken cancellation);

    /// <summary>
    /// Removes what is past its time: jobs that ended before <paramref name="endedBeforeMs"/>, the rows of deleted
    /// jobs, payloads without an owner stored before <paramref name="orphanedBeforeMs"/>. Ledger entries of removed
    /// jobs are kept, summed by owner, function and day. At most 500 rows a call: call again until it removes nothing.
    /// Jobs with an idempotency key that ended at <paramref name="keyedBeforeMs"/> or later stay in any case.
    /// </summary>
    Task<Result<RetentionSweep>> SweepAsync(
        long endedBeforeMs, long orphanedBeforeMs, long keyedBeforeMs, CancellationToken cancellation);
}

/// <summary>A user's generation that was opened, and the one it closed.</summary>
/// <param name="Generation">The open generation; 0 after a deletion.</param>
/// <param name="ClosedGeneration">The generation that was closed by this; 0 when there was none.</param>
public sealed record UserRegistration(long Generation, long ClosedGeneration);

/// <summary>Users and their generations. Each registration of a name opens a new generation.</summary>
public interface IUserStore
{
    /// <summary>
    /// Opens a new generation of the user, closing the one before it with all it owned; together with its first key, if
    /// one is given.
    /// </summary>
    /// <param name="user">The name.</param>
    /// <param name="firstKey">The first key; null for none.</param>
    /// <param name="note">The entry of the audit log that is written with it; its time is the generation's.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<UserRegistration>> RegisterAsync(
        string user, NewKey? firstKey, AuditNote note, CancellationToken cancellation);

    /// <summary>Closes the user's generation, if there is one. Commits for it are refused from then on.</summary>
    /// <param name="user">The name.</param>
    /// <param name="note">The entry of the audit log that is written with it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<UserRegistration>> CloseAsync(string user, AuditNote note, CancellationToken cancellation);

    /// <summary>
    /// The wall-clock time of all billed attempts of the user's open generation;
    /// <see cref="ErrorCode.UserNotFound"/> when there is none.
    /// </summary>
    Task<Result<TimeSpan>> SumWallTimeAsync(string user, CancellationToken cancellation);

    /// <summary>Closed generations that still have jobs which have not ended.</summary>
    Task<Result<IReadOnlyList<long>>> ListClosedWithJobsAsync(CancellationToken cancellation);
}

/// <summary>A function's current version.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Version">The version's number, from 1.</param>
/// <param name="Source">The source's UTF-8 bytes, as registered.</param>
public sealed record FunctionSource(string Name, int Version, byte[] Source);

/// <summary>A page of a user's functions, by name.</summary>
/// <param name="Generation">
/// The user's open generation. Pages of one list all have the same one: a user that was registered again meanwhile has
/// other functions.
/// </param>
/// <param name="Functions">The current versions.</param>
/// <param name="More">Whether there are functions beyond the page.</param>
public sealed record FunctionPage(long Generation, IReadOnlyList<FunctionSource> Functions, bool More);

/// <summary>Functions and their immutable versions. Everything belongs to the owner's open generation.</summary>
public interface IFunctionStore
{
    /// <summary>
    /// Makes a new version current. The same source as the current version's makes no new one. A deleted function's
    /// name may be used again; its version numbers go on. <see cref="ErrorCode.UserNotFound"/> without the user;
    /// <see cref="ErrorCode.QuotaExceeded"/>, with nothing stored, when the user would have more than
    /// <paramref name="bounds"/> allow, however many are registered at the same instant.
    /// </summary>
    /// <returns>The current version's number.</returns>
    Task<Result<int>> RegisterAsync(
        string user, string function, byte[] source, long nowMs, FunctionBounds bounds, CancellationToken cancellation);

    /// <summary>Takes the function away from new submissions; queued jobs keep their versions.</summary>
    /// <param name="user">The owner's name.</param>
    /// <param name="function">The function's name.</param>
    /// <param name="note">The entry of the audit log that is written with it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether there was one; <see cref="ErrorCode.UserNotFound"/> without the user.</returns>
    Task<Result<bool>> DeleteAsync(string user, string function, AuditNote note, CancellationToken cancellation);

    /// <summary>The current version.</summary>
    Task<Result<FunctionSource>> FindAsync(string user, string function, CancellationToken cancellation);

    /// <summary>The current versions of a user's functions, by name in the order of its bytes.</summary>
    /// <param name="user">The owner's name.</param>
    /// <param name="after">Exclusive; empty for the first page.</param>
    /// <param name="maxRows">At most this many.</param>
    /// <param name="maxBytes">At most so many bytes of sources, but one function at least.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<FunctionPage>> ListAsync(
        string user, string after, int maxRows, int maxBytes, CancellationToken cancellation);

    /// <summary>A source by its hash, whoever's; <see cref="ErrorCode.VersionNotFound"/> when there is none.</summary>
    Task<Result<byte[]>> ReadSourceAsync(SourceHash hash, CancellationToken cancellation);
}
