using FaaS.Domain;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>What the store cannot find, in sentences for people.</summary>
internal static class Refusals
{
    public static Error TooManyBodies(long maxBytes) =>
        new(ErrorCode.NotDurable,
            $"Large bodies without a job take up all that they may ({maxBytes >> 20} MiB, Sqlite:UnreferencedBytes); "
            + "nothing was stored. Try again in a minute.", 60);
}
