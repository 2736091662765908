using System.ComponentModel.DataAnnotations;

namespace FaaS.Infrastructure.Http;

/// <summary>Limits of the REST frontend, section <c>Http</c>.</summary>
public sealed class HttpOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Http";

    /// <summary>The longest source, in bytes.</summary>
    /// <value>1 KiB to 1 MiB; default 256 KiB.</value>
    [Range(1 << 10, 1 << 20)]
    public int SourceBytes { get; set; } = 256 << 10;

    /// <summary>The longest arguments of one job, in bytes.</summary>
    /// <value>1 KiB to 1 MiB; default 256 KiB.</value>
    [Range(1 << 10, 1 << 20)]
    public int ArgumentBytes { get; set; } = 256 << 10;

    /// <summary>How deep arguments may nest, the array itself included.</summary>
    /// <value>8 to 512; default 512.</value>
    [Range(8, 512)]
    public int ArgumentDepth { get; set; } = 512;

    /// <summary>
    /// How long a submission or a cancellation may take to become durable before its outcome is called unknown.
    /// </summary>
    /// <value>1 s to 1 min; default 15 s.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan SubmitDeadline { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long bodies may still arrive after the platform was told to stop.</summary>
    /// <value>0 to 1 min; default 3 s.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan UploadPatience { get; set; } = TimeSpan.FromSeconds(3);
}
