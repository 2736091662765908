using FaaS.Domain.Functions;

namespace FaaS.Domain.Jobs;

/// <summary>
/// Bytes that travel with a message, or the id of the payload they were stored under beforehand because they are over
/// <see cref="InlineLimit"/>: bodies larger than that never pass the queue.
/// </summary>
/// <param name="Inline">The bytes; null when they are stored apart.</param>
/// <param name="Stored">The payload's id; null when the bytes are here.</param>
/// <param name="StoredLength">How long the stored payload is, as who stored it says; null where it does not say.</param>
public readonly record struct Body(byte[]? Inline, Guid? Stored, int? StoredLength = null)
{
    /// <summary>The longest body that may travel inline: 16 KiB.</summary>
    public const int InlineLimit = 16 * 1024;

    /// <summary>No bytes.</summary>
    public static Body Empty { get; } = new([], null);

    /// <summary>Bytes that travel with the message.</summary>
    public static Body Of(byte[] bytes) => new(bytes, null);

    /// <summary>Whether there is nothing to read.</summary>
    public bool IsEmpty => Stored is null && Inline is null or { Length: 0 };

    /// <summary>Bytes that travel with the message.</summary>
    public int InlineLength => Inline?.Length ?? 0;

    /// <summary>All its bytes, as far as they are known; what is said of a payload is believed up to a message's size.</summary>
    public int Length => InlineLength + Math.Clamp(StoredLength ?? 0, 0, 2 << 20);
}

/// <summary>What makes a submission the same as another one: the same key, and what was asked for with it.</summary>
/// <param name="Key">The client's key, 1 to <see cref="LengthMax"/> characters; it is the owner's alone.</param>
/// <param name="Print">A hash of what was asked for, so that one key with something else is noticed.</param>
public sealed record IdempotencyKey(string Key, UInt128 Print)
{
    /// <summary>The longest key, in characters.</summary>
    public const int LengthMax = 255;

    /// <summary>How long a key is remembered from its submission on, milliseconds: a day.</summary>
    public const long KeptMs = 24L * 60 * 60 * 1000;

    /// <summary>
    /// What is said of a submission whose key is known: the job it made, or that it asked for something else. The owner's
    /// keys of a day are unique, so a store looks before it inserts.
    /// </summary>
    /// <param name="job">The job that has the key.</param>
    /// <param name="print">What was asked for then.</param>
    public Error Refuse(JobId job, UInt128 print) => print == Print
        ? new Error(ErrorCode.AlreadySubmitted, $"The job {job} was submitted with this Idempotency-Key.", Job: job)
        : new Error(
            ErrorCode.Conflict,
            "This Idempotency-Key was used with another function, body, delay or ttl in the last 24 hours; use another key.");
}

/// <summary>A job as it is submitted. The submitter makes the id, so a submission may be repeated.</summary>
/// <param name="Id">The job's id.</param>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name; its version is fixed when the job becomes durable.</param>
/// <param name="Arguments">A JSON array in UTF-8.</param>
/// <param name="SubmittedAtMs">When it was submitted, Unix ms.</param>
/// <param name="DueAtMs">Not before this instant, Unix ms; 0 for at once.</param>
/// <param name="ExpiresAtMs">Expires unstarted at this instant, Unix ms; 0 for never.</param>
/// <param name="RedriveOf">The job this one repeats, if any.</param>
/// <param name="VersionId">
/// The version it runs, which must be one of the function's; null for the one that is current when it becomes durable.
/// </param>
/// <param name="Idempotency">Makes it the same as an earlier one with this key; null for one of its own.</param>
public sealed record JobSubmission(
    JobId Id, string User, string Function, Body Arguments,
    long SubmittedAtMs, long DueAtMs = 0, long ExpiresAtMs = 0, JobId? RedriveOf = null, long? VersionId = null, IdempotencyKey? Idempotency = null);

/// <summary>The immutable version a job was bound to when it became durable, and what running it takes.</summary>
/// <param name="VersionId">The version's identity, unique over all functions.</param>
/// <param name="FunctionId">The function's identity, unique over all users and generations.</param>
/// <param name="Generation">The owner's generation.</param>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Version">The version's number within the function, from 1.</param>
/// <param name="Hash">The source's identity.</param>
/// <param name="Limits">Time and memory bounds.</param>
/// <param name="Policy">What is configured for the function, as the newest who speaks knows it; null for nothing.</param>
public sealed record FunctionBinding(
    long VersionId, long FunctionId, long Generation, string User, string Function, int Version,
    SourceHash Hash, FunctionLimits Limits, FunctionPolicy? Policy = null);

/// <summary>Ended attempts of a job, by kind. Each kind has its own limit.</summary>
/// <param name="Ended">All attempts that ended, and so the number of the last one.</param>
/// <param name="Crashes">Those whose sandbox died.</param>
/// <param name="Losses">Those whose worker was lost after they had started.</param>
public readonly record struct AttemptCounts(int Ended, int Crashes, int Losses);

/// <summary>What ended an attempt.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Kind">How to read <paramref name="Value"/>.</param>
/// <param name="Value">The result's UTF-8 text.</param>
/// <param name="Error">What was thrown; null on success.</param>
/// <param name="Logs">A JSON array of <c>{at, level, text}</c> in UTF-8.</param>
/// <param name="Usage">What it used; this is what is billed.</param>
public sealed record AttemptEnd(
    Outcome Outcome, ResultKind Kind, Body Value, FunctionError? Error, Body Logs, ResourceUsage Usage)
{
    /// <summary>
    /// The bytes it takes in a message at most, beside a few hundred of names and numbers: bodies in base64, each
    /// character of a text as an escape of six. A user chooses what is thrown, so the worst case is the one that counts.
    /// </summary>
    public int MessageBytes =>
        ((Value.InlineLength + Logs.InlineLength) * 4 / 3) + (((Error?.Message.Length ?? 0) + (Error?.Stack?.Length ?? 0)) * 6);

    /// <summary>An end that the platform decided, with its error text and nothing else.</summary>
    public static AttemptEnd Of(Outcome outcome, FunctionError error, ResourceUsage usage = default) =>
        new(outcome, ResultKind.None, Body.Empty, error, Body.Empty, usage);
}

/// <summary>A job to be made durable.</summary>
/// <param name="Sequence">Its place in the order of all jobs, from 1, given by the queue.</param>
/// <param name="Submission">The job.</param>
public sealed record NewJob(long Sequence, JobSubmission Submission);

/// <summary>A job that reached its terminal state.</summary>
/// <param name="Id">The job.</param>
/// <param name="State">The terminal state.</param>
/// <param name="Counts">Attempts that ended, this one included.</param>
/// <param name="End">What ended it.</param>
/// <param name="StartedAtMs">When the last attempt was leased, Unix ms; 0 when none was.</param>
/// <param name="EndedAtMs">When it ended, Unix ms.</param>
public sealed record JobEnd(
    JobId Id, JobState State, AttemptCounts Counts, AttemptEnd End, long StartedAtMs, long EndedAtMs)
{
    /// <summary>Whether an attempt ran, and so has a ledger entry, numbered <c>Counts.Ended</c>.</summary>
    public bool IsBilled => StartedAtMs != 0;
}

/// <summary>An attempt that ended without ending its job.</summary>
/// <param name="Id">The job.</param>
/// <param name="Counts">Attempts that ended, this one included.</param>
/// <param name="Usage">What the attempt used; null when nobody knows (its worker was lost), and then nothing is billed.</param>
/// <param name="DueAtMs">When the next attempt may start, Unix ms; 0 for at once.</param>
/// <param name="StartedAtMs">When the attempt was leased, Unix ms.</param>
/// <param name="EndedAtMs">When it ended, Unix ms.</param>
public sealed record JobRetry(
    JobId Id, AttemptCounts Counts, ResourceUsage? Usage, long DueAtMs, long StartedAtMs, long EndedAtMs);

/// <summary>
/// One group commit: what the queue wants durable, all at once. A job stands in at most one of the lists, and in no
/// other commit that is not answered yet. Repeating a commit unchanged changes nothing.
/// </summary>
/// <param name="Epoch">The queue's epoch; the store refuses one that is not the newest.</param>
/// <param name="New">Jobs to store.</param>
/// <param name="Ended">Jobs that ended.</param>
/// <param name="Retried">Attempts that ended while their job goes on.</param>
/// <param name="Deleted">Finished jobs whose result, arguments and logs are to be dropped and that are to be hidden.</param>
public sealed record JobCommit(
    long Epoch, IReadOnlyList<NewJob> New, IReadOnlyList<JobEnd> Ended,
    IReadOnlyList<JobRetry> Retried, IReadOnlyList<JobId> Deleted)
{
    /// <summary>Rows in all lists together.</summary>
    public int Count => New.Count + Ended.Count + Retried.Count + Deleted.Count;
}

/// <summary>What became of one row of a commit.</summary>
public enum WriteStatus
{
    /// <summary>It is durable, now or since an earlier try.</summary>
    Stored,

    /// <summary>The job had already ended, or is not known: nothing was changed.</summary>
    Ignored,

    /// <summary>It is refused; the error says why.</summary>
    Refused,
}

/// <summary>What became of a new job.</summary>
/// <param name="Status"><see cref="WriteStatus.Ignored"/> when a job of this id has already ended.</param>
/// <param name="Sequence">The stored sequence number: an earlier try's, if there was one.</param>
/// <param name="Binding">The version it is bound to; null unless stored.</param>
/// <param name="Error">Why it was refused.</param>
public readonly record struct NewJobOutcome(WriteStatus Status, long Sequence, FunctionBinding? Binding, Error? Error);

/// <summary>The store's answer to a commit: one entry a row, in the order of the commit's lists.</summary>
/// <param name="New">What became of the new jobs.</param>
/// <param name="Ended">What became of the ends.</param>
/// <param name="Retried">What became of the retries.</param>
/// <param name="Deleted">Whether something was deleted.</param>
public sealed record JobCommitted(
    IReadOnlyList<NewJobOutcome> New, IReadOnlyList<WriteStatus> Ended,
    IReadOnlyList<WriteStatus> Retried, IReadOnlyList<bool> Deleted);

/// <summary>A durable job that has not ended, as the queue finds it at start.</summary>
/// <param name="Id">The job.</param>
/// <param name="Sequence">Its place in the order.</param>
/// <param name="Binding">The version it runs.</param>
/// <param name="Counts">Attempts that ended.</param>
/// <param name="SubmittedAtMs">When it was submitted, Unix ms.</param>
/// <param name="DueAtMs">Not before this instant, Unix ms; 0 for at once.</param>
/// <param name="ExpiresAtMs">Expires unstarted at this instant, Unix ms; 0 for never.</param>
/// <param name="OwnerClosed">Whether its owner's generation is closed: it is to be cancelled.</param>
public sealed record UnfinishedJob(
    JobId Id, long Sequence, FunctionBinding Binding, AttemptCounts Counts,
    long SubmittedAtMs, long DueAtMs, long ExpiresAtMs, bool OwnerClosed);
