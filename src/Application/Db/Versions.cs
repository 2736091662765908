using FaaS.Domain;
using FaaS.Domain.Functions;

namespace FaaS.Application.Db;

/// <summary>A version of a function: what was registered at a time, and never changes.</summary>
/// <param name="Number">Its number within the function, from 1.</param>
/// <param name="Hash">The source's identity.</param>
/// <param name="Bytes">The source's length in UTF-8.</param>
/// <param name="RegisteredAtMs">When it was registered, Unix ms.</param>
/// <param name="IsCurrent">Whether new jobs run it.</param>
public sealed record FunctionVersion(int Number, SourceHash Hash, long Bytes, long RegisteredAtMs, bool IsCurrent);

/// <summary>A version with its source.</summary>
/// <param name="Version">The version.</param>
/// <param name="Source">The source's UTF-8 bytes, as registered.</param>
public sealed record VersionSource(FunctionVersion Version, byte[] Source);

/// <summary>A page of a function's versions, the newest first.</summary>
/// <param name="Versions">The versions.</param>
/// <param name="More">Whether there are some beyond the page.</param>
public sealed record VersionPage(IReadOnlyList<FunctionVersion> Versions, bool More);

/// <summary>
/// The versions of functions. They are kept for as long as their owner's generation, so that any of them can be current
/// again; what is configured is the function's, whichever version is.
/// </summary>
public interface IVersionStore
{
    /// <summary>A page of versions of a function that is there.</summary>
    /// <param name="user">The owner's name.</param>
    /// <param name="function">The function's name.</param>
    /// <param name="before">Only those with a smaller number; 0 for the first page.</param>
    /// <param name="max">At most this many.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Or <see cref="ErrorCode.UserNotFound"/>, <see cref="ErrorCode.FunctionNotFound"/>.</returns>
    Task<Result<VersionPage>> ListAsync(string user, string function, int before, int max, CancellationToken cancellation);

    /// <summary>One version with its source; <see cref="ErrorCode.VersionNotFound"/> when the function has no such version.</summary>
    Task<Result<VersionSource>> FindAsync(string user, string function, int number, CancellationToken cancellation);

    /// <summary>
    /// Makes a version current. Jobs that were submitted keep theirs; the next registration's number follows the largest
    /// there ever was. <see cref="ErrorCode.QuotaExceeded"/> when its source is more than <paramref name="bounds"/> allow.
    /// </summary>
    /// <returns>Whether another one was current before.</returns>
    Task<Result<bool>> RollbackAsync(
        string user, string function, int number, FunctionBounds bounds, AuditNote note, CancellationToken cancellation);
}
