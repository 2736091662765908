using FaaS.Domain;

namespace FaaS.Infrastructure.Mongo;

/// <summary>What the store cannot find or do, in sentences for people.</summary>
internal static class Refusals
{
    public static Error NoArguments { get; } =
        new(ErrorCode.BadRequest, "The stored arguments are gone; submit the job again.");

    public static Error SequenceTaken(long sequence) =>
        new(ErrorCode.Internal, $"The job's place in the order ({sequence}) is taken; submit the job again.");
}
