using System.ComponentModel.DataAnnotations;
using FaaS.Application.Messaging;

namespace FaaS.Infrastructure.Sqlite;

/// <summary>Settings of the embedded store, section <c>Sqlite</c>.</summary>
public sealed class SqliteOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Sqlite";

    /// <summary>The scheme of <c>DB_URL</c>.</summary>
    public const string Scheme = "sqlite:";

    /// <summary>The database file; its folder is made when it is missing.</summary>
    [Required]
    public string File { get; set; } = "";

    /// <summary>The largest the file may grow; beyond it nothing is stored until there is room.</summary>
    /// <value>1 MiB to 64 TiB; default 1 TiB.</value>
    [Range(1L << 20, 1L << 46)]
    public long MaxBytes { get; set; } = 1L << 40;

    /// <summary>
    /// Files up to this size are checked page by page when they are opened; of larger ones what a start needs is.
    /// </summary>
    /// <value>0 to 1 GiB; default 64 MiB: about a tenth of a second.</value>
    [Range(0L, 1L << 30)]
    public long CheckedBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Bytes of large bodies that may be stored before the jobs and results that are to refer to them; beyond it no
    /// large body is taken until some are claimed or too old.
    /// </summary>
    /// <value>4 MiB to 1 TiB; default 256 MiB.</value>
    [Range(4L << 20, 1L << 40)]
    public long UnreferencedBytes { get; set; } = 256L << 20;

    /// <summary>The file that a <c>DB_URL</c> of the form <c>sqlite:&lt;file&gt;</c> names.</summary>
    /// <exception cref="CompositionException">It is not of that form.</exception>
    public static string FileOf(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (!url.StartsWith(Scheme, StringComparison.Ordinal) || url.Length == Scheme.Length)
            // Not what it is: that may have a password in it, and this goes into logs.
            throw new CompositionException($"DB_URL must be {Scheme}<file> for the embedded store.");
        return Path.GetFullPath(url[Scheme.Length..]);
    }
}
