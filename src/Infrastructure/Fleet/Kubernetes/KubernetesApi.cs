using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

/// <summary>The few requests to the Kubernetes API that the fleet needs; docs/deploy.md lists the rights for them.</summary>
internal sealed class KubernetesApi : IDisposable
{
    private const int PodsAPage = 100;
    private const int PagesMax = 100;

    /// <summary>How often a request is made that meets a conflict, or a listing that expires.</summary>
    private const int Attempts = 5;

    private readonly k8s.Kubernetes _client;
    private readonly string _namespace;
    private readonly string _deployment;

    private KubernetesApi(k8s.Kubernetes client, string @namespace, string deployment) =>
        (_client, _namespace, _deployment) = (client, @namespace, deployment);

    /// <summary>Finds out where the API is and who we are there; sends nothing.</summary>
    /// <exception cref="k8s.Exceptions.KubeConfigException">This is no pod, or the file does not say it.</exception>
    /// <exception cref="IOException">The file, or a file that it names, cannot be read.</exception>
    public static KubernetesApi Create(KubernetesFleetOptions options)
    {
        var configuration = !string.IsNullOrEmpty(options.Url) ? new KubernetesClientConfiguration { Host = options.Url }
            : !string.IsNullOrEmpty(options.Kubeconfig)
                ? KubernetesClientConfiguration.BuildConfigFromConfigFile(options.Kubeconfig)
                : KubernetesClientConfiguration.InClusterConfig();
        // The fleet has a deadline of its own, which may be longer than the client's.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        var @namespace = new[] { options.Namespace, configuration.Namespace, "default" }.First(name => !string.IsNullOrEmpty(name));
        return new KubernetesApi(new k8s.Kubernetes(configuration, new BoundedResponses()), @namespace!, options.Deployment);
    }

    /// <summary>How many pods there shall be, and the selector that finds them.</summary>
    /// <exception cref="JsonException">The answer is no scale.</exception>
    public async Task<(int Replicas, string Selector)> ReadScaleAsync(CancellationToken cancellationToken)
    {
        var scale = await _client.AppsV1.ReadNamespacedDeploymentScaleAsync(
            _deployment, _namespace, cancellationToken: cancellationToken).ConfigureAwait(false);
        // A number of 0 is left out of the answer, so only the kind tells a scale from something else. An empty
        // selector would be every pod of the namespace.
        if (scale is not { Kind: "Scale", Status.Selector.Length: > 0 })
            throw new JsonException("It is no Scale with a selector.");
        return (scale.Spec?.Replicas ?? 0, scale.Status.Selector);
    }

    /// <summary>All pods that the selector finds, page after page.</summary>
    /// <exception cref="JsonException">The answer is no list of pods, or does not come to an end.</exception>
    public async Task<WorkerPods> ListPodsAsync(string selector, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
            try
            {
                return await ListAllPagesAsync(selector, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpOperationException error) when (Status(error) == HttpStatusCode.Gone && attempt < Attempts)
            {
                // The listing took longer than the API keeps its state for: from the start, then.
            }
    }

    /// <summary>Makes it so many.</summary>
    public Task SetReplicasAsync(int replicas, CancellationToken cancellationToken) =>
        PatchAsync(new { spec = new { replicas } }, patch => _client.AppsV1.PatchNamespacedDeploymentScaleAsync(
            patch, _deployment, _namespace, cancellationToken: cancellationToken));

    /// <summary>Marks a pod as one that goes first, or takes the mark away.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> MarkAsync(string pod, bool marked, CancellationToken cancellationToken)
    {
        var annotations = new Dictionary<string, string?> { [WorkerPods.CostAnnotation] = marked ? WorkerPods.MarkedCost : null };
        try
        {
            await PatchAsync(new { metadata = new { annotations } }, patch => _client.CoreV1.PatchNamespacedPodAsync(
                patch, pod, _namespace, cancellationToken: cancellationToken)).ConfigureAwait(false);
            return true;
        }
        catch (HttpOperationException error) when (Status(error) == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>The status of the answer that the exception is about; none where there was no answer.</summary>
    public static HttpStatusCode? Status(HttpOperationException error) => error.Response?.StatusCode;

    private async Task<WorkerPods> ListAllPagesAsync(string selector, CancellationToken cancellationToken)
    {
        var pods = new List<V1Pod>();
        string? rest = null;
        for (var page = 0; page < PagesMax; page++)
        {
            var list = await _client.CoreV1.ListNamespacedPodAsync(
                _namespace, labelSelector: selector, limit: PodsAPage, continueParameter: rest,
                cancellationToken: cancellationToken).ConfigureAwait(false);
            if (list is not { Kind: "PodList" }) throw new JsonException("It is no PodList.");
            pods.AddRange(list.Items ?? []);
            rest = list.Metadata?.ContinueProperty;
            if (string.IsNullOrEmpty(rest)) return WorkerPods.Of(pods);
        }
        throw new JsonException($"The list of pods goes on after {PagesMax} pages of {PodsAPage}.");
    }

    /// <summary>A merge patch sets what it names whatever else has changed, so making it again after a conflict is right.</summary>
    private static async Task PatchAsync(object change, Func<V1Patch, Task> send)
    {
        var patch = new V1Patch(JsonSerializer.Serialize(change), V1Patch.PatchType.MergePatch);
        for (var attempt = 1; ; attempt++)
            try
            {
                await send(patch).ConfigureAwait(false);
                return;
            }
            catch (HttpOperationException error) when (Status(error) == HttpStatusCode.Conflict && attempt < Attempts)
            {
                // Somebody changed it at the same time.
            }
    }

    /// <summary>Reads no answer that is larger than a hundred pods ever are.</summary>
    private sealed class BoundedResponses : DelegatingHandler
    {
        private const int BytesMax = 32 * 1024 * 1024;

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            await response.Content.LoadIntoBufferAsync(BytesMax, cancellationToken).ConfigureAwait(false);
            return response;
        }
    }
}
