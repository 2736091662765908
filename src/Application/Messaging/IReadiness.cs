namespace FaaS.Application.Messaging;

/// <summary>Something a part needs before it can do its work. All that are registered are asked by <c>/health/ready</c>.</summary>
public interface IReadiness
{
    /// <summary>What to say when the look took too long.</summary>
    string TimedOut => "A part that is needed does not answer in time.";

    /// <summary>What is missing, in one sentence that names the dependency; null when nothing is.</summary>
    /// <param name="cancellation">Ends the look.</param>
    ValueTask<string?> FindMissingAsync(CancellationToken cancellation);
}

/// <summary>Asks all that is registered.</summary>
public static class Readiness
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What is missing: the first that has something to say, in the order of their registration. One that does not
    /// answer within 2 s counts as missing.
    /// </summary>
    public static async Task<string?> FindMissingAsync(
        this IEnumerable<IReadiness> needs, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(needs);
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        foreach (var need in needs)
        {
            try
            {
                var missing = await need.FindMissingAsync(both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
                if (missing is not null) return missing;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return need.TimedOut;
            }
        }
        return null;
    }
}
