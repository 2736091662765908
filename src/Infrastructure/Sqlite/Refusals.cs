using FaaS.Domain;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>What the store cannot find, in sentences for people.</summary>
internal static class Refusals
{
    public static Error NoUser(string user) =>
        new(ErrorCode.UserNotFound, $"There is no user '{user}'; register it with POST /u/{user}.");

    public static Error NoFunction(string user, string function) =>
        new(ErrorCode.FunctionNotFound,
            $"The user '{user}' has no function '{function}'; register it with POST /u/{user}/fn/{function}.");

    public static Error NoJob(string id) =>
        new(ErrorCode.JobNotFound, $"There is no job '{id}'; it may have been deleted, or its time was over.");

    public static Error NoKey(string id) => new(ErrorCode.Unauthorized, $"There is no key '{id}'; it may have been revoked.");

    public static Error TooManyKeys(string user, int max) => new(
        ErrorCode.QuotaExceeded, $"The user '{user}' has {max} keys, and may have no more; revoke one first.");

    public static Error TooManyFunctions(string user, int max) =>
        new(ErrorCode.QuotaExceeded,
            $"The user '{user}' has {max} functions, and may have no more (Functions:PerUser); delete one first.");

    public static Error TooManyBodies(long maxBytes) =>
        new(ErrorCode.NotDurable,
            $"Large bodies without a job take up all that they may ({maxBytes >> 20} MiB, Sqlite:UnreferencedBytes); "
            + "nothing was stored. Try again in a minute.", 60);
}
