using System.ComponentModel.DataAnnotations;
using FaaS.Application.Messaging;
using MongoDB.Driver;

namespace FaaS.Infrastructure.Mongo;

/// <summary>Settings of the MongoDB store, section <c>Mongo</c>.</summary>
public sealed class MongoOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Mongo";

    /// <summary>The database where the URL names none.</summary>
    public const string DefaultDatabase = "faas";

    private static readonly string[] Schemes = ["mongodb://", "mongodb+srv://"];

    /// <summary>Where MongoDB is: <c>mongodb://host/db</c> or <c>mongodb+srv://host/db</c>.</summary>
    [Required]
    public string Url { get; set; } = "";

    /// <summary>How long a call looks for a server before it is answered that there is none.</summary>
    /// <value>100 ms to 60 s; default 3 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ServerSelectionTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long an answer is waited for; then the outcome of a write is unknown.</summary>
    /// <value>1 s to 5 min; default 15 s.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SocketTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long MongoDB may take to have a write on a majority's disks.</summary>
    /// <value>1 s to 5 min, at most <see cref="SocketTimeout"/>; default 10 s.</value>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the ownership of the database lasts unrenewed: as long as a successor waits.</summary>
    /// <value>2 s to 5 min; default 5 s. All processes over one database must have the same.</value>
    [Range(typeof(TimeSpan), "00:00:02", "00:05:00")]
    public TimeSpan OwnerLease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the ownership is renewed, and an absent MongoDB looked for.</summary>
    /// <value>100 ms to 60 s, at most a third of <see cref="OwnerLease"/>; default 1 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan RenewInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Refuses a <c>DB_URL</c> that is not MongoDB's.</summary>
    /// <exception cref="CompositionException">It is not one that MongoDB's driver can read.</exception>
    public static string Check(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        // The URL may hold a password, so it is never repeated.
        if (!Array.Exists(Schemes, scheme => url.StartsWith(scheme, StringComparison.Ordinal)))
            throw new CompositionException(
                "DB_URL must be mongodb://<host>/<database> or mongodb+srv://<host>/<database>.");
        try
        {
            _ = new MongoUrl(url);
        }
        catch (MongoConfigurationException)
        {
            throw new CompositionException("DB_URL begins like a MongoDB URL but cannot be read as one.");
        }
        return url;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (WriteTimeout > SocketTimeout)
            yield return new ValidationResult(
                $"{SectionName}:{nameof(WriteTimeout)} must be at most {SectionName}:{nameof(SocketTimeout)} "
                + $"({SocketTimeout}).");
        if (RenewInterval * 3 > OwnerLease)
            yield return new ValidationResult(
                $"{SectionName}:{nameof(RenewInterval)} must be at most a third of {SectionName}:{nameof(OwnerLease)} "
                + $"({OwnerLease}).");
    }
}
