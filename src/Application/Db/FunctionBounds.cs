using FaaS.Domain;
using FaaS.Domain.Users;

namespace FaaS.Application.Db;

/// <summary>What a user's functions may be in all. 0 is no bound.</summary>
/// <param name="Functions">Functions at a time.</param>
/// <param name="SourceBytes">Bytes of the current versions' sources.</param>
public readonly record struct FunctionBounds(int Functions, long SourceBytes)
{
    /// <summary>No bounds.</summary>
    public static FunctionBounds None { get; }

    /// <summary>Those among a user's quotas.</summary>
    public static FunctionBounds Of(Quotas quotas)
    {
        ArgumentNullException.ThrowIfNull(quotas);
        return new FunctionBounds(quotas.Functions, quotas.SourceBytes);
    }

    /// <summary>
    /// Why a source may not be registered; null when it may. Who is over a quota that was lowered may still replace a
    /// function, by one that is no longer.
    /// </summary>
    /// <param name="user">The user.</param>
    /// <param name="holds">What it has.</param>
    /// <param name="replacedBytes">Bytes of the source that is replaced; null when the function would be a new one.</param>
    /// <param name="bytes">Bytes of the new source.</param>
    public Error? Refuse(string user, FunctionHoldings holds, long? replacedBytes, long bytes)
    {
        if (Functions > 0 && replacedBytes is null && holds.Functions >= Functions)
            return StoreErrors.TooManyFunctions(user, holds.Functions, Functions);
        var grows = bytes - (replacedBytes ?? 0);
        return SourceBytes > 0 && grows > 0 && holds.SourceBytes + grows > SourceBytes
            ? StoreErrors.TooManySourceBytes(user, holds.SourceBytes + grows, SourceBytes)
            : null;
    }
}
