using System.ComponentModel.DataAnnotations;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

/// <summary>
/// Settings of the fleet that is a Kubernetes Deployment, section <c>KubernetesFleet</c>. Without
/// <see cref="Kubeconfig"/> and <see cref="Url"/> the scaler is a pod of the cluster and uses its service account.
/// </summary>
public sealed class KubernetesFleetOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "KubernetesFleet";

    private const string DnsName = "[a-z0-9]([-.a-z0-9]*[a-z0-9])?";

    /// <summary>The namespace of the workers.</summary>
    /// <value>Default empty: the scaler's own, or the kubeconfig's; where neither says, <c>default</c>.</value>
    [RegularExpression(DnsName), MaxLength(63)]
    public string Namespace { get; set; } = "";

    /// <summary>The name of the workers' Deployment.</summary>
    /// <value>Default <c>worker</c>.</value>
    [Required, RegularExpression(DnsName), MaxLength(253)]
    public string Deployment { get; set; } = "worker";

    /// <summary>A kubeconfig file, whose current context is used.</summary>
    /// <value>Default none.</value>
    public string? Kubeconfig { get; set; }

    /// <summary>The address of an API that asks for no authentication, such as <c>kubectl proxy</c>.</summary>
    /// <value><c>http://</c> or <c>https://</c>; default none. Not together with <see cref="Kubeconfig"/>.</value>
    public string? Url { get; set; }

    /// <summary>How long one call of the fleet may take in all, however many requests it needs.</summary>
    /// <value>100 ms to 5 min; default 10 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(Url)) yield break;
        if (!string.IsNullOrEmpty(Kubeconfig))
            yield return new ValidationResult(
                $"Only one of {SectionName}:{nameof(Url)} and {SectionName}:{nameof(Kubeconfig)} can be set.");
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            yield return new ValidationResult(
                $"{SectionName}:{nameof(Url)} must be http://<host>:<port> or https://<host>:<port>.");
    }
}
