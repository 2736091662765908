using Microsoft.Extensions.Hosting;

namespace FaaS.Tests.Shared.Fakes;

/// <summary>A host's lifetime that a test can end, and that tells when somebody asked for the end.</summary>
public sealed class FakeLifetime : IHostApplicationLifetime, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private int _stopRequests;

    public int StopRequests => Volatile.Read(ref _stopRequests);

    public CancellationToken ApplicationStarted => CancellationToken.None;

    public CancellationToken ApplicationStopping => _stopping.Token;

    public CancellationToken ApplicationStopped => CancellationToken.None;

    public void StopApplication() => Interlocked.Increment(ref _stopRequests);

    /// <summary>What the host does on SIGTERM, before it stops its services.</summary>
    public void BeginStopping() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();
}
