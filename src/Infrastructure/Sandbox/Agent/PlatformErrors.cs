using System.Globalization;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Infrastructure.Sandbox.Agent;

/// <summary>What the platform says in place of a function it ended: one name an outcome, one sentence with the limit.</summary>
internal static class PlatformErrors
{
    public static FunctionError For(Outcome outcome, RunLimits limits, string? detail) => outcome switch
    {
        Outcome.Timeout => new("TimeoutError", $"The function ran longer than its limit of {Duration(limits.Timeout)}."),
        Outcome.MemoryExceeded => new(
            "MemoryError", $"The function needed more memory than its limit of {limits.MemoryMiB} MiB."),
        Outcome.ResultTooLarge => new(
            "ResultTooLargeError", $"The result is larger than the limit of {Size(limits.ResultBytesMax)}."),
        Outcome.Cancelled => new("CancelledError", "The job was stopped."),
        Outcome.Crashed => new("CrashedError", $"The sandbox died while the function ran{Detail(detail)}."),
        _ => new("PlatformError", detail ?? "The sandbox failed."),
    };

    public static string ForCheck(Outcome outcome, RunLimits limits) => outcome switch
    {
        Outcome.Timeout => $"The source took longer than {Duration(limits.Timeout)} to evaluate.",
        Outcome.MemoryExceeded => "The source needed too much memory to evaluate.",
        Outcome.Cancelled => "The check was cancelled.",
        Outcome.PlatformError => "The sandbox could not be started; try again.",
        _ => "The sandbox died while it evaluated the source.",
    };

    private static string Detail(string? detail) => detail is null ? "" : $" ({detail})";

    private static string Duration(TimeSpan duration) => duration.TotalSeconds < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.###} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.###} s");

    private static string Size(int bytes) => bytes % (1 << 20) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
}
