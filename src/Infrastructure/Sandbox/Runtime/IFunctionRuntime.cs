using FaaS.Application.Worker;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Infrastructure.Sandbox.Runtime;

/// <summary>
/// What executes code inside a child. Used by one thread. Implementations never throw for what a function does.
/// </summary>
internal interface IFunctionRuntime
{
    /// <summary>Runs one invocation in a realm of its own.</summary>
    RunEnd Run(RunFrame run, ILogSink logs);

    /// <summary>Evaluates a source without calling it, keeping nothing.</summary>
    SourceCheck Check(ReadOnlySpan<byte> source, RunLimits limits, out bool retire);

    /// <summary>After a run's end was told: gives back what it took of the process.</summary>
    void Release();

    /// <summary>Drops a compiled script.</summary>
    void Forget(ushort slot);
}

/// <summary>Where console lines go: one JSON object each, in UTF-8.</summary>
internal interface ILogSink
{
    void Append(ReadOnlySpan<byte> line);
}
