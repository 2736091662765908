namespace FaaS.Application.Messaging;

/// <summary>Something a part needs before it can do its work. All that are registered are asked by <c>/health/ready</c>.</summary>
public interface IReadiness
{
    /// <summary>What is missing, in one sentence that names the dependency; null when nothing is.</summary>
    /// <param name="cancellation">Ends the look.</param>
    ValueTask<string?> FindMissingAsync(CancellationToken cancellation);
}
