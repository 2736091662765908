using System.Net;
using FaaS.Application.Scaler;
using k8s.Autorest;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

/// <summary>
/// The workers are the pods of a Deployment. Their number is set on its scale; which of them go is said by marks on the
/// pods, for Kubernetes deletes those of the lowest cost first. A pod that is deleted gets SIGTERM, drains, and has its
/// grace period for that.
/// </summary>
internal sealed class KubernetesFleet(IOptions<KubernetesFleetOptions> options, ILogger<KubernetesFleet> logger)
    : IWorkerFleet, IDisposable
{
    private const string Word = "kubernetes";

    private readonly KubernetesFleetOptions _options = options.Value;
    private readonly FleetJournal _journal = new(logger, Word);
    private KubernetesApi? _api;

    /// <inheritdoc/>
    public string Name => Word;

    /// <inheritdoc/>
    public Task<FleetAnswer> CurrentAsync(CancellationToken cancellationToken) =>
        AskAsync("say what there is", async (api, cancelled) =>
        {
            var (replicas, selector) = await api.ReadScaleAsync(cancelled).ConfigureAwait(false);
            var pods = await api.ListPodsAsync(selector, cancelled).ConfigureAwait(false);
            return pods.Count(replicas);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<FleetAnswer> ScaleToAsync(int workers, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        return AskAsync($"have {workers} workers", async (api, cancelled) =>
        {
            var (replicas, selector) = await api.ReadScaleAsync(cancelled).ConfigureAwait(false);
            var pods = await api.ListPodsAsync(selector, cancelled).ConfigureAwait(false);
            // First, so that a mark that nobody needs any more does not choose for the controller.
            foreach (var pod in pods.WronglyMarked(workers))
                pods = await api.MarkAsync(pod, false, cancelled).ConfigureAwait(false)
                    ? pods.With(pod, marked: false) : pods.Without(pod);
            if (replicas != workers) await api.SetReplicasAsync(workers, cancelled).ConfigureAwait(false);
            return pods.Count(workers);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<FleetAnswer> DrainAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(names);
        return AskAsync($"mark {names.Count} workers", async (api, cancelled) =>
        {
            var (replicas, selector) = await api.ReadScaleAsync(cancelled).ConfigureAwait(false);
            var pods = await api.ListPodsAsync(selector, cancelled).ConfigureAwait(false);
            foreach (var pod in pods.Unmarked(names))
                pods = await api.MarkAsync(pod, true, cancelled).ConfigureAwait(false)
                    ? pods.With(pod, marked: true) : pods.Without(pod);
            return pods.Count(replicas);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _api?.Dispose();

    private async Task<FleetAnswer> AskAsync(
        string call, Func<KubernetesApi, CancellationToken, Task<FleetWorkers>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.Timeout);
        try
        {
            // A kubeconfig may name a program, which the library runs and waits for, here and when its token is over.
            _api ??= await Task.Run(() => KubernetesApi.Create(_options), deadline.Token).WaitAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (KubernetesFailure.OfConfiguration(error, _options.Kubeconfig) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return _journal.Write(call, failure);
        }
        try
        {
            var workers = await ask(_api, deadline.Token).WaitAsync(deadline.Token).ConfigureAwait(false);
            return _journal.Write(call, FleetAnswer.Done(workers));
        }
        catch (Exception error) when (KubernetesFailure.Of(error, _options.Timeout) is { } failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (error is HttpOperationException { Response.StatusCode: HttpStatusCode.Unauthorized }) Forget();
            return _journal.Write(call, failure);
        }
    }

    /// <summary>Somebody may have put new credentials into the file: the next call reads it again.</summary>
    private void Forget()
    {
        _api?.Dispose();
        _api = null;
    }
}
