using FaaS.Domain;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Mongo;

/// <summary>What the store cannot find or do, in sentences for people.</summary>
internal static class Refusals
{
    public static Error NoUser(string user) =>
        new(ErrorCode.UserNotFound, $"There is no user '{user}'; register it with POST /u/{user}.");

    public static Error NoFunction(string user, string function) =>
        new(ErrorCode.FunctionNotFound,
            $"The user '{user}' has no function '{function}'; register it with POST /u/{user}/fn/{function}.");

    public static Error NoKey(string id) => new(ErrorCode.Unauthorized, $"There is no key '{id}'; it may have been revoked.");

    public static Error TooManyKeys(string user, int max) => new(
        ErrorCode.QuotaExceeded, $"The user '{user}' has {max} keys, and may have no more; revoke one first.");

    public static Error TooManyFunctions(string user, int max) =>
        new(ErrorCode.QuotaExceeded,
            $"The user '{user}' has {max} functions, and may have no more (Functions:PerUser); delete one first.");

    public static Error NoJob(JobId id) =>
        new(ErrorCode.JobNotFound, $"There is no job '{id}'; it may have been deleted, or its time was over.");

    public static Error NoArguments { get; } =
        new(ErrorCode.BadRequest, "The stored arguments are gone; submit the job again.");

    public static Error SequenceTaken(long sequence) =>
        new(ErrorCode.Internal, $"The job's place in the order ({sequence}) is taken; submit the job again.");
}
