using System.Text.Json;
using FaaS.Domain;

namespace FaaS.Application.Db;

/// <summary>Bounds of the audit log.</summary>
public static class AuditLimits
{
    /// <summary>Entries of a page, and refusals that are recorded at a time.</summary>
    public const int PageMax = 1_000, RefusalsMax = 100;

    /// <summary>Characters of an actor's word, of an address, and of a request's id or route.</summary>
    public const int WordCharsMax = 16, AddressCharsMax = 64, RequestCharsMax = 128;
}

/// <summary>What the log has entries of. They are words: what another release wrote stays readable.</summary>
public static class AuditActions
{
    /// <summary>A user is registered, perhaps in the place of one that existed; or deleted.</summary>
    public const string RegisterUser = "user.register", DeleteUser = "user.delete";

    /// <summary>A key is made or revoked.</summary>
    public const string AddKey = "key.add", RevokeKey = "key.revoke";

    /// <summary>Quotas of a user are set.</summary>
    public const string SetQuotas = "quotas.set";

    /// <summary>A function is configured.</summary>
    public const string SetConfig = "config.set";

    /// <summary>A function's schedule is set or ended.</summary>
    public const string SetSchedule = "schedule.set", DeleteSchedule = "schedule.delete";

    /// <summary>Another version of a function is made current.</summary>
    public const string RollbackFunction = "function.rollback";

    /// <summary>A function is deleted.</summary>
    public const string DeleteFunction = "function.delete";

    /// <summary>Somebody was not let to what needs the admin key, or a user's scope <c>admin</c>.</summary>
    public const string Access = "access";

    /// <summary>All of this release.</summary>
    public static IReadOnlyList<string> All { get; } =
        [RegisterUser, DeleteUser, AddKey, RevokeKey, SetQuotas, SetConfig, SetSchedule, DeleteSchedule, RollbackFunction, DeleteFunction, Access];
}

/// <summary>How what an entry is about ended.</summary>
public static class AuditOutcomes
{
    /// <summary>It was done.</summary>
    public const string Done = "done";

    /// <summary>It was refused: nothing of it was done.</summary>
    public const string Refused = "refused";

    /// <summary>Nobody knows: db died, or its store went away, in the middle of it.</summary>
    public const string Unknown = "unknown";
}

/// <summary>Who asks for an action, and from where. Made once a request, however often that is sent on its way.</summary>
/// <param name="Id">Knows a repetition again.</param>
/// <param name="Actor"><c>admin</c>, <c>key</c>, <c>metrics</c>, <c>anyone</c> (no keys are needed), <c>nobody</c> (no key was shown
/// that is one), <c>unknown</c> (the frontend is of an older release).</param>
/// <param name="Key">The key's id; never the key.</param>
/// <param name="KeyUser">Whose key it is.</param>
/// <param name="Address">The address the request came from: a proxy's, where there is one.</param>
/// <param name="Request">The request's id, as its answer and the frontend's log have it.</param>
public sealed record Origin(
    Guid Id, string Actor, string? Key = null, string? KeyUser = null, string? Address = null, string? Request = null)
{
    /// <summary>The admin key's holder.</summary>
    public const string Admin = "admin";

    /// <summary>The holder of a user's key.</summary>
    public const string KeyHolder = "key";

    /// <summary>The holder of the key for metrics.</summary>
    public const string Scraper = "metrics";

    /// <summary>Whoever reaches a platform that needs no keys.</summary>
    public const string Anyone = "anyone";

    /// <summary>Somebody without a key.</summary>
    public const string Nobody = "nobody";

    /// <summary>What a frontend sent that says nothing about it.</summary>
    public static Origin Unknown() => new(Guid.NewGuid(), "unknown");
}

/// <summary>What is known of an action before it is done.</summary>
/// <param name="By">Who asks for it.</param>
/// <param name="AtMs">When, Unix ms, by db's clock.</param>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="User">The user it is done to; empty where it is about none.</param>
/// <param name="Target">The key, function or route it is about; null where it is the user itself.</param>
/// <param name="Before">JSON: what was there; null for nothing.</param>
/// <param name="After">JSON: what is there then, or was to be; null for nothing.</param>
public sealed record AuditNote(
    Origin By, long AtMs, string Action, string User, string? Target = null, string? Before = null, string? After = null)
{
    /// <summary>The note of an action that is about to be done.</summary>
    public static AuditNote Of(
        Origin? by, TimeProvider time, string action, string user, string? target = null, string? after = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new AuditNote(
            by ?? Origin.Unknown(), time.GetUtcNow().ToUnixTimeMilliseconds(), action, user, target, null, after);
    }

    /// <summary>
    /// The entry of an action with its end; null where none is to be kept: nothing changed, or a user was refused what
    /// is the user's own affair. What was refused to an operator is kept.
    /// </summary>
    public AuditRecord? End<T>(in Audited<T> end)
    {
        var note = this with { Before = end.Before ?? Before, After = end.After ?? After };
        if (end.Result.Error is { } error)
            return By.Actor == Origin.KeyHolder ? null : new AuditRecord(note, AuditOutcomes.Refused, error.Code.Word());
        return end.Changed ? new AuditRecord(note, AuditOutcomes.Done) : null;
    }
}

/// <summary>How an action ended that is audited.</summary>
/// <typeparam name="T">What it answers.</typeparam>
/// <param name="Result">The answer.</param>
/// <param name="Changed">Whether anything changed.</param>
/// <param name="Before">JSON: what was there, where the note did not know.</param>
/// <param name="After">JSON: what is there now, where the note did not know.</param>
public readonly record struct Audited<T>(Result<T> Result, bool Changed, string? Before = null, string? After = null)
{
    /// <summary>It is refused.</summary>
    public static implicit operator Audited<T>(Error error) => new(error, false);
}

/// <summary>An action and its end, as they are stored.</summary>
/// <param name="Note">The action.</param>
/// <param name="Outcome">One of <see cref="AuditOutcomes"/>.</param>
/// <param name="Code">Why it was refused, as clients are told it; else null.</param>
/// <param name="Missed">Refusals like it that came just before and have no entry of their own.</param>
public sealed record AuditRecord(AuditNote Note, string Outcome, string? Code = null, int Missed = 0)
{
    /// <summary>The text that <see cref="ToText"/> made; what is missing in it is null or 0.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    public static AuditRecord Parse(string text) =>
        JsonSerializer.Deserialize(text, DbJson.Default.AuditRecord) ?? throw new JsonException("An entry is null.");

    /// <summary>The text, JSON, that stores keep; what they look for they keep beside it.</summary>
    public string ToText() => JsonSerializer.Serialize(this, DbJson.Default.AuditRecord);
}

/// <summary>An entry of the log.</summary>
/// <param name="Id">Its place, from 1: larger than those of all that were recorded before it.</param>
/// <param name="Record">What it says.</param>
public sealed record AuditEntry(long Id, AuditRecord Record);

/// <summary>A page of the log, the newest entry first.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="More">Whether there are older ones beyond the page.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, bool More);

/// <summary>Which entries are asked for.</summary>
/// <param name="User">Only those about this user; null for all.</param>
/// <param name="Action">Only those of this action; null for all.</param>
/// <param name="FromMs">From this instant on, Unix ms; 0 for the beginning.</param>
/// <param name="ToMs">Before this instant, Unix ms; 0 for now.</param>
/// <param name="Before">Only those with a smaller id; 0 for all.</param>
/// <param name="Max">At most this many.</param>
public sealed record AuditQuery(string? User, string? Action, long FromMs, long ToMs, long Before, int Max);

/// <summary>
/// The audit log. Whoever stores an action writes its entry with it, so that there is none without: in one transaction,
/// or, in a store without them, before it and with the outcome unknown until it has ended.
/// </summary>
public interface IAuditStore
{
    /// <summary>Records what ended before it was an action. One whose origin is in the log is left as it is.</summary>
    /// <returns>How many were not there before.</returns>
    Task<Result<int>> AppendAsync(IReadOnlyList<AuditRecord> records, CancellationToken cancellation);

    /// <summary>A page of the log, the newest first.</summary>
    /// <param name="query">Which entries.</param>
    /// <param name="maxChars">At most so many characters of their texts, but one entry at least.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<AuditPage>> ListAsync(AuditQuery query, int maxChars, CancellationToken cancellation);

    /// <summary>Removes entries that are older, at most 500 a call: call again until it removes none.</summary>
    /// <returns>How many it removed.</returns>
    Task<Result<int>> SweepAsync(long beforeMs, CancellationToken cancellation);
}
