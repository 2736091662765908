using FaaS.Domain;
using FaaS.Domain.Access;

namespace FaaS.Application.Db;

/// <summary>Bounds of keys.</summary>
public static class KeyLimits
{
    /// <summary>Keys a user has at most.</summary>
    public const int PerUser = 100;

    /// <summary>The longest name, in characters.</summary>
    public const int NameCharsMax = 100;

    /// <summary>Uses that are noted in one request.</summary>
    public const int UsesMax = 1_000;
}

/// <summary>A key to be stored. Its secret stays with who made it.</summary>
/// <param name="Id">Its public part.</param>
/// <param name="Hash">SHA-256 of its text, 32 bytes.</param>
/// <param name="Name">What its holder calls it; at most 100 characters.</param>
/// <param name="Scopes">What it allows.</param>
/// <param name="Function">The only function it is for; null for all.</param>
/// <param name="ExpiresAtMs">When it ends to be valid, Unix ms; 0 for never.</param>
public sealed record NewKey(string Id, byte[] Hash, string Name, Scopes Scopes, string? Function, long ExpiresAtMs);

/// <summary>A key as the store has it.</summary>
/// <param name="User">Whose it is.</param>
/// <param name="Generation">The generation of that user it belongs to.</param>
/// <param name="Key">The key.</param>
/// <param name="CreatedAtMs">When it was made, Unix ms.</param>
/// <param name="UsedAtMs">When it was last used, Unix ms, to within some seconds; 0 for never.</param>
public sealed record KeyRecord(string User, long Generation, NewKey Key, long CreatedAtMs, long UsedAtMs);

/// <summary>That a key was used.</summary>
/// <param name="Id">The key.</param>
/// <param name="AtMs">When, Unix ms.</param>
public sealed record KeyUse(string Id, long AtMs);

/// <summary>
/// The keys of users' open generations: with a generation its keys are gone. What a revoked key leaves behind is nothing.
/// </summary>
public interface IKeyStore
{
    /// <summary>
    /// Adds a key to a user. Repeating it changes nothing. <see cref="ErrorCode.UserNotFound"/> where there is none,
    /// <see cref="ErrorCode.QuotaExceeded"/> where there are as many as there may be, <see cref="ErrorCode.Conflict"/>
    /// where the id is taken by another key.
    /// </summary>
    /// <param name="user">The user.</param>
    /// <param name="key">The key.</param>
    /// <param name="max">The most that the user may have.</param>
    /// <param name="note">The entry of the audit log that is written with it; its time is the key's.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<Result<KeyRecord>> AddAsync(string user, NewKey key, int max, AuditNote note, CancellationToken cancellation);

    /// <summary>A key by its id, expired or not; <see cref="ErrorCode.Unauthorized"/> when there is none.</summary>
    Task<Result<KeyRecord>> FindAsync(string id, CancellationToken cancellation);

    /// <summary>A user's keys, the oldest first.</summary>
    Task<Result<IReadOnlyList<KeyRecord>>> ListAsync(string user, CancellationToken cancellation);

    /// <summary>Removes a key of a user, if it has it.</summary>
    /// <param name="user">The user.</param>
    /// <param name="id">The key.</param>
    /// <param name="note">The entry of the audit log that is written with it.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether it had.</returns>
    Task<Result<bool>> RevokeAsync(string user, string id, AuditNote note, CancellationToken cancellation);

    /// <summary>Notes that keys were used. An earlier time does not replace a later one; an unknown key is passed over.</summary>
    Task<Result<bool>> NoteUsesAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellation);
}
