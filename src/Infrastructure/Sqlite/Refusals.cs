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
}
