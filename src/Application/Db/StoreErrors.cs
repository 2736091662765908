using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Db;

/// <summary>
/// What every store says of what is not there or may not be, in sentences for people. The frontend says the same of what
/// is not the caller's: nobody is to tell one from the other.
/// </summary>
public static class StoreErrors
{
    /// <summary>No open generation has this name.</summary>
    public static Error NoUser(string user) =>
        new(ErrorCode.UserNotFound, $"There is no user '{user}'; register it with POST /u/{user}.");

    /// <summary>The user has no such function.</summary>
    public static Error NoFunction(string user, string function) =>
        new(ErrorCode.FunctionNotFound,
            $"The user '{user}' has no function '{function}'; register it with POST /u/{user}/fn/{function}.");

    /// <summary>The function has no such version, or was deleted and its name is another function's now.</summary>
    public static Error NoVersion(string user, string function) =>
        new(ErrorCode.VersionNotFound, $"The function '{function}' of '{user}' has no such version any more.");

    /// <summary>There is no such job, or it was deleted.</summary>
    public static Error NoJob(JobId id) =>
        new(ErrorCode.JobNotFound, $"There is no job '{id}'; it may have been deleted, or its time was over.");

    /// <summary>No open generation has this key.</summary>
    public static Error NoKey(string id) =>
        new(ErrorCode.Unauthorized, $"There is no key '{id}'; it may have been revoked.");

    /// <summary>The id of a new key is another's.</summary>
    public static Error KeyTaken() => new(ErrorCode.Conflict, "Another key has this id; make a new one.");

    /// <summary>The user may have no more keys.</summary>
    public static Error TooManyKeys(string user, int max) => Error.OverQuota(
        "keys", max, $"The user '{user}' has {max} keys, and may have no more; revoke one first.");

    /// <summary>The user may have no more functions.</summary>
    public static Error TooManyFunctions(string user, int count, int max) => Error.OverQuota(
        "functions", max, $"The user '{user}' has {count} functions, and may have no more than {max}; delete one first.");

    /// <summary>The user's sources may not be longer.</summary>
    public static Error TooManySourceBytes(string user, long bytes, long max) => Error.OverQuota(
        "sourceBytes", max,
        $"With this source the functions of '{user}' would take {bytes} bytes, and may take no more than {max}; "
        + "delete functions, or make sources shorter.");
}
