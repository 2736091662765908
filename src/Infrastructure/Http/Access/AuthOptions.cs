using System.Security.Cryptography;
using System.Text;
using FaaS.Application.Messaging;
using Microsoft.Extensions.Configuration;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>Whether callers need keys.</summary>
public enum AuthMode
{
    /// <summary>Whoever reaches the port may do everything.</summary>
    Open,

    /// <summary>Every call but the health checks needs a key.</summary>
    Keys,
}

/// <summary>Who may call, section <c>Auth</c>.</summary>
public sealed class AuthOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Auth";

    /// <summary>The environment variable of <see cref="AdminKey"/>.</summary>
    public const string AdminKeyVariable = "FAAS_ADMIN_KEY";

    /// <summary>The environment variable of <see cref="MetricsKey"/>.</summary>
    public const string MetricsKeyVariable = "FAAS_METRICS_KEY";

    /// <summary>The shortest admin key, and key for metrics, in characters: what nobody guesses.</summary>
    public const int AdminKeyLengthMin = 32;

    /// <summary>Whether callers need keys.</summary>
    /// <value><c>open</c> or <c>keys</c>; default <c>keys</c> in the frontend, <c>open</c> in Dev.</value>
    public AuthMode Mode { get; set; } = AuthMode.Keys;

    /// <summary>Whether open mode is wanted although others than this machine can reach the port.</summary>
    /// <value>Default false.</value>
    public bool AllowOpen { get; set; }

    /// <summary>The key that may do everything, and without which no user can be made; also <c>FAAS_ADMIN_KEY</c>.</summary>
    /// <value>32 characters or more, of which the first and last are no spaces; default none.</value>
    public string? AdminKey { get; set; }

    /// <summary>
    /// The key that may read <c>/metrics</c> and nothing else, for who scrapes them; also <c>FAAS_METRICS_KEY</c>.
    /// </summary>
    /// <value>32 characters or more, of which the first and last are no spaces; default none: the admin key alone will do.</value>
    public string? MetricsKey { get; set; }

    /// <summary>Whether it is safe, or said to be wanted, that others than this machine reach the port.</summary>
    public bool IsGuarded => Mode == AuthMode.Keys || AllowOpen;

    /// <summary>Reads the section, and the environment's variable over it.</summary>
    /// <param name="configuration">The host's settings.</param>
    /// <param name="modeDefault">The host's mode when nothing is said.</param>
    /// <exception cref="CompositionException">A value is not what it must be.</exception>
    public static AuthOptions Read(IConfiguration configuration, AuthMode modeDefault)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration.GetSection(SectionName);
        var mode = section["Mode"] switch
        {
            null or "" => modeDefault,
            var word when word.Equals("open", StringComparison.OrdinalIgnoreCase) => AuthMode.Open,
            var word when word.Equals("keys", StringComparison.OrdinalIgnoreCase) => AuthMode.Keys,
            var other => throw new CompositionException($"{SectionName}:Mode is '{other}'; it must be open or keys."),
        };
        var allowOpen = section["AllowOpen"];
        if (allowOpen is not null && !bool.TryParse(allowOpen, out _))
            throw new CompositionException($"{SectionName}:AllowOpen is '{allowOpen}'; it must be true or false.");
        return new AuthOptions
        {
            Mode = mode, AllowOpen = allowOpen is not null && bool.Parse(allowOpen),
            AdminKey = ReadKey(configuration, AdminKeyVariable, "AdminKey"),
            MetricsKey = ReadKey(configuration, MetricsKeyVariable, "MetricsKey"),
        };
    }

    /// <summary>Whether an admin key is set, which nobody does who wants no keys.</summary>
    public static bool HasAdminKey(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return (Given(configuration[AdminKeyVariable]) ?? Given(configuration[$"{SectionName}:AdminKey"])) is not null;
    }

    /// <summary>What is kept of a key: enough to know it again.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string? ReadKey(IConfiguration configuration, string variable, string property)
    {
        var key = Given(configuration[variable]) ?? Given(configuration[$"{SectionName}:{property}"]);
        // Its text stays unsaid: this goes into logs.
        return key is null || (key.Length >= AdminKeyLengthMin && !key.Any(char.IsControl))
            ? key
            : throw new CompositionException(
                $"{SectionName}:{property} ({variable}) must have {AdminKeyLengthMin} characters or more, and no line ends.");
    }

    private static string? Given(string? setting) => string.IsNullOrWhiteSpace(setting) ? null : setting.Trim();
}
