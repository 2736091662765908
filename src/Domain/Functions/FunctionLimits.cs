namespace FaaS.Domain.Functions;

/// <summary>The resource bounds one invocation runs under.</summary>
/// <param name="Timeout">Wall-clock bound over load, call, timers and serialisation; default 60 s.</param>
/// <param name="MemoryMiB">Memory bound of the sandbox, in MiB; default 128.</param>
public readonly record struct FunctionLimits(TimeSpan Timeout, int MemoryMiB)
{
    /// <summary>60 s and 128 MiB.</summary>
    public static FunctionLimits Default { get; } = new(TimeSpan.FromSeconds(60), 128);
}
