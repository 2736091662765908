using System.Text.Json;
using FaaS.Domain;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;
using FaaS.Domain.Secrets;

namespace FaaS.Application.Db;

/// <summary>A function there is, or was when a job was bound to it.</summary>
/// <param name="Generation">The owner's generation.</param>
/// <param name="FunctionId">The function's identity.</param>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
public sealed record ConfiguredFunction(long Generation, long FunctionId, string User, string Function);

/// <summary>A function's configuration, as it is stored.</summary>
/// <param name="Of">The function.</param>
/// <param name="Revision">Grows with each change; 0 while nothing was configured.</param>
/// <param name="Settings">All but the secrets.</param>
/// <param name="Secrets">The secrets, encrypted, by name in the order of its bytes.</param>
public sealed record FunctionConfig(
    ConfiguredFunction Of, long Revision, FunctionSettings Settings, IReadOnlyList<SealedSecret> Secrets)
{
    /// <summary>Whether a worker has anything to read.</summary>
    public bool HasEnvironment => Secrets.Count > 0 || Settings.Env is { Count: > 0 };

    /// <summary>Nothing is configured.</summary>
    public static FunctionConfig None(ConfiguredFunction of) => new(of, 0, FunctionSettings.None, []);

    /// <summary>From the text that <see cref="ToText"/> made; what is missing in it is not configured.</summary>
    /// <exception cref="JsonException">It is not such a text.</exception>
    public static FunctionConfig Parse(ConfiguredFunction of, long revision, string text)
    {
        var kept = JsonSerializer.Deserialize(text, DbJson.Default.KeptConfig);
        return new FunctionConfig(of, revision, kept?.Settings ?? FunctionSettings.None, kept?.Secrets ?? []);
    }

    /// <summary>The policy in a text that <see cref="ToText"/> made.</summary>
    /// <param name="revision">The text's revision; 0 is none, and no policy.</param>
    /// <param name="text">The text.</param>
    /// <param name="defaults">The bounds of what is not configured.</param>
    public static FunctionPolicy? PolicyOf(long revision, string text, FunctionLimits defaults) =>
        Parse(new ConfiguredFunction(0, 0, "", ""), revision, text).ToPolicy(defaults);

    /// <summary>Where one of its secrets belongs.</summary>
    public SecretPlace PlaceOf(string secret) => new(Of.Generation, Of.User, Of.Function, secret);

    /// <summary>What the queue goes by; null while nothing was configured.</summary>
    /// <param name="defaults">The bounds of what is not configured.</param>
    public FunctionPolicy? ToPolicy(FunctionLimits defaults) => Revision == 0 ? null : new FunctionPolicy(
        Revision, Settings.LimitsOver(defaults), Settings.Concurrency ?? 0, Settings.Retry?.ToPolicy(), HasEnvironment);

    /// <summary>The text, JSON, that stores keep: nothing of it is looked for.</summary>
    public string ToText() => JsonSerializer.Serialize(new KeptConfig(Settings, Secrets), DbJson.Default.KeptConfig);
}

/// <summary>What is kept of a configuration beside its revision.</summary>
/// <param name="Settings">All but the secrets; null for nothing.</param>
/// <param name="Secrets">The secrets; null for none.</param>
internal sealed record KeptConfig(FunctionSettings? Settings, IReadOnlyList<SealedSecret>? Secrets);

/// <summary>
/// What is configured for functions. It belongs to the function, not to a version of it; deleting the function, or
/// closing its owner's generation, erases it.
/// </summary>
public interface IConfigStore
{
    /// <summary>
    /// Changes a function's configuration, whoever else does so at the same instant. Where nothing changes the revision
    /// stays, so the call may be repeated.
    /// </summary>
    /// <param name="user">The owner's name.</param>
    /// <param name="function">The function's name.</param>
    /// <param name="change">
    /// From what there is to what is to be, with the next revision, and what the audit log says of it; itself for no
    /// change. It may be called more than once, and what it refuses is not done.
    /// </param>
    /// <param name="note">The entry of the audit log that is written with it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>
    /// What stands now; or <see cref="ErrorCode.UserNotFound"/>, <see cref="ErrorCode.FunctionNotFound"/>,
    /// <see cref="ErrorCode.NotDurable"/>, <see cref="ErrorCode.OutcomeUnknown"/>, or the change's refusal.
    /// </returns>
    Task<Result<FunctionConfig>> ChangeAsync(
        string user, string function, Func<FunctionConfig, Audited<FunctionConfig>> change, AuditNote note,
        CancellationToken cancellation);

    /// <summary>A function's configuration; revision 0 when nothing was configured.</summary>
    /// <returns>Or <see cref="ErrorCode.UserNotFound"/>, <see cref="ErrorCode.FunctionNotFound"/>.</returns>
    Task<Result<FunctionConfig>> FindAsync(string user, string function, CancellationToken cancellation);

    /// <summary>
    /// The configuration of the function that a job is bound to, as it is now; <see cref="ErrorCode.JobNotFound"/> when
    /// the job is gone.
    /// </summary>
    Task<Result<FunctionConfig>> FindOfJobAsync(JobId job, CancellationToken cancellation);

    /// <summary>A page of all configurations, by the functions' ids.</summary>
    /// <param name="after">Exclusive; 0 for the first page.</param>
    /// <param name="max">At most this many; fewer only on the last page.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<IReadOnlyList<FunctionConfig>>> ListAsync(long after, int max, CancellationToken cancellation);

    /// <summary>Puts secrets that say the same in the place of a configuration's, whose revision stays.</summary>
    /// <returns>Whether it was done: not where the configuration has another revision by now.</returns>
    Task<Result<bool>> ResealAsync(FunctionConfig config, CancellationToken cancellation);
}
