using System.Text.Json;
using FaaS.Application.Scaler;
using k8s.Models;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

/// <summary>The pods of the workers' Deployment that have not ended yet, and what they count as.</summary>
internal sealed class WorkerPods
{
    /// <summary>What Kubernetes asks which pods of a ReplicaSet to delete first: those of the lowest cost.</summary>
    public const string CostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

    /// <summary>Our mark. Pods without the annotation cost 0, so marked ones go first.</summary>
    public const string MarkedCost = "-1000";

    private readonly List<Pod> _staying;
    private readonly int _leaving;

    private WorkerPods(IEnumerable<Pod> pods, int leaving)
    {
        _staying = [.. pods.OrderByDescending(pod => pod.Created).ThenBy(pod => pod.Name, StringComparer.Ordinal)];
        _leaving = leaving;
    }

    /// <exception cref="JsonException">One of them lacks what every pod has.</exception>
    public static WorkerPods Of(IEnumerable<V1Pod> pods)
    {
        var (staying, leaving) = (new List<Pod>(), 0);
        foreach (var pod in pods)
        {
            if (pod?.Metadata?.Name is not { Length: > 0 } name || pod.Metadata.CreationTimestamp is not { } created)
                throw new JsonException("A pod has no name or no creation timestamp.");
            if (pod.Status?.Phase is "Succeeded" or "Failed") continue;
            if (pod.Metadata.DeletionTimestamp is not null) leaving++;
            else staying.Add(new Pod(name, created, IsReady(pod), IsMarked(pod)));
        }
        return new WorkerPods(staying, leaving);
    }

    /// <summary>Those of the names that are still to be marked.</summary>
    public IReadOnlyList<string> Unmarked(IReadOnlyList<string> names) =>
        [.. _staying.Where(pod => !pod.Marked && names.Contains(pod.Name, StringComparer.Ordinal)).Select(pod => pod.Name)];

    /// <summary>Marked pods that are to stay when there shall be so many, the oldest first.</summary>
    public IReadOnlyList<string> WronglyMarked(int replicas)
    {
        var marked = _staying.Where(pod => pod.Marked).Select(pod => pod.Name).Reverse().ToList();
        return [.. marked.Take(marked.Count - Math.Max(0, _staying.Count - replicas))];
    }

    /// <summary>The same pods once one is marked, or is no longer.</summary>
    public WorkerPods With(string name, bool marked) =>
        new(_staying.Select(pod => pod.Name == name ? pod with { Marked = marked } : pod), _leaving);

    /// <summary>The same pods once one is gone.</summary>
    public WorkerPods Without(string name) => new(_staying.Where(pod => pod.Name != name), _leaving);

    /// <summary>What they count as when the Deployment is to have so many.</summary>
    public FleetWorkers Count(int replicas)
    {
        // More than there shall be: the controller will let go those that are not ready, then the marked ones, then the
        // newest. They are told apart here as it will, for a moment's difference does no harm. A mark alone lets nobody
        // go: where the number was not changed after it, the marked ones work on, and count.
        var surplus = Math.Max(0, _staying.Count - replicas);
        var kept = _staying.OrderBy(pod => pod.Ready).ThenByDescending(pod => pod.Marked).Skip(surplus).ToHashSet();
        var running = kept.Count(pod => pod.Ready);
        var missing = Math.Max(0, replicas - _staying.Count);
        return new FleetWorkers(
            running, kept.Count - running + missing, _leaving + surplus,
            [.. _staying.Where(kept.Contains).Select(pod => pod.Name)]);
    }

    private static bool IsReady(V1Pod pod) =>
        pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true;

    private static bool IsMarked(V1Pod pod) =>
        pod.Metadata.Annotations?.TryGetValue(CostAnnotation, out var cost) == true && cost == MarkedCost;

    private sealed record Pod(string Name, DateTime Created, bool Ready, bool Marked);
}
