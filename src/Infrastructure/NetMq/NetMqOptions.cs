using System.ComponentModel.DataAnnotations;
using System.Text;
using FaaS.Application.Messaging;
using Microsoft.Extensions.Configuration;
using NetMQ;

namespace FaaS.Infrastructure.NetMq;

/// <summary>How the parts of a platform trust and bound one another, section <c>Cluster</c>.</summary>
public sealed class NetMqOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Cluster";

    /// <summary>The environment variable of <see cref="Secret"/>.</summary>
    public const string SecretVariable = "FAAS_CLUSTER_SECRET";

    /// <summary>The environment variable of <see cref="RoleKey"/>.</summary>
    public const string RoleKeyVariable = "FAAS_ROLE_KEY";

    /// <summary>The environment variable of <see cref="Curve"/>.</summary>
    public const string CurveVariable = "FAAS_CURVE";

    private const int SecretBytesMin = 32;

    /// <summary>What the parts of a platform share, from which all keys derive; also <c>FAAS_CLUSTER_SECRET</c>.</summary>
    /// <value>At least 32 bytes of UTF-8; default none, which only loopback links may have.</value>
    public string? Secret { get; set; }

    /// <summary>The key of this process's role, in place of the secret; also <c>FAAS_ROLE_KEY</c>.</summary>
    /// <value>32 bytes as hex or base64; default none.</value>
    public string? RoleKey { get; set; }

    /// <summary>Whether links are encrypted and show the server's key; also <c>FAAS_CURVE</c>.</summary>
    /// <value>Default false.</value>
    public bool Curve { get; set; }

    /// <summary>The public key a client expects under CURVE, when it does not know the secret.</summary>
    /// <value>32 bytes as hex or base64, or 40 characters of Z85; default: derived from the secret.</value>
    public string? CurveServerKey { get; set; }

    /// <summary>The secret key a server shows the public half of under CURVE.</summary>
    /// <value>32 bytes as hex or base64; default: derived from the secret.</value>
    public string? CurveSecretKey { get; set; }

    /// <summary>Handshakes a server has begun and not ended; more are refused.</summary>
    /// <value>1 to 65,536; default 1,024.</value>
    [Range(1, 65_536)]
    public int HandshakesMax { get; set; } = 1_024;

    /// <summary>How long a handshake may take.</summary>
    /// <value>100 ms to 1 min; default 5 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Peers a server keeps a session with; more are refused.</summary>
    /// <value>1 to 65,536; default 4,096.</value>
    [Range(1, 65_536)]
    public int SessionsMax { get; set; } = 4_096;

    /// <summary>Requests of one peer that a server has taken and not answered; more are refused.</summary>
    /// <value>1 to 65,536; default 1,024.</value>
    [Range(1, 65_536)]
    public int PeerRequestsMax { get; set; } = 1_024;

    /// <summary>Requests of all peers that a server has taken and not answered; more are refused.</summary>
    /// <value>1 to 1,048,576; default 16,384.</value>
    [Range(1, 1_048_576)]
    public int RequestsMax { get; set; } = 16_384;

    /// <summary>
    /// Bytes of what waits for one peer to take it, 128 for each message beside its body; a peer that lets more pile up is gone.
    /// </summary>
    /// <value>4 MiB to 1 GiB; default 64 MiB.</value>
    [Range(4L << 20, 1L << 30)]
    public long PeerBytesMax { get; set; } = 64L << 20;

    /// <summary>Requests a client has sent, or waits to send, on one connection; more are refused.</summary>
    /// <value>1 to 65,536; default 4,096.</value>
    [Range(1, 65_536)]
    public int ClientRequestsMax { get; set; } = 4_096;

    /// <summary>How often both sides say that they live. Three missed, and the other is gone.</summary>
    /// <value>50 ms to 1 min; default 1 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The pause before the first new try to connect; it doubles up to <see cref="BackoffMax"/>.</summary>
    /// <value>10 ms to 10 s; default 50 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan BackoffMin { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause before a new try to connect.</summary>
    /// <value>10 ms to 1 min; default 1 s.</value>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server that stops lets answers finish.</summary>
    /// <value>0 to 1 min; default 3 s.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a server that stops listens for peers that are told to stop at the same moment.</summary>
    /// <value>0 to 10 s; default 500 ms.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan LeaveNotice { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a server that stops goes on answering peers that are about to stop as well.</summary>
    /// <value>0 to 15 min; default 40 s, a worker's drain timeout and some more.</value>
    [Range(typeof(TimeSpan), "00:00:00", "00:15:00")]
    public TimeSpan LeaveTimeout { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>Reads the section, and the environment's variables over it.</summary>
    internal static NetMqOptions Read(IConfiguration configuration)
    {
        var options = new NetMqOptions();
        options.ReadFrom(configuration);
        return options;
    }

    internal void ReadFrom(IConfiguration configuration)
    {
        configuration.GetSection(SectionName).Bind(this);
        Secret = Given(configuration[SecretVariable]) ?? Given(Secret);
        RoleKey = Given(configuration[RoleKeyVariable]) ?? Given(RoleKey);
        CurveServerKey = Given(CurveServerKey);
        CurveSecretKey = Given(CurveSecretKey);
        if (Given(configuration[CurveVariable]) is { } curve) Curve = IsYes(curve);
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Secret is not null && Encoding.UTF8.GetByteCount(Secret) < SecretBytesMin)
            yield return new($"{SectionName}:{nameof(Secret)} ({SecretVariable}) must be at least {SecretBytesMin} bytes long.");
        if (RoleKey is not null && !IsKey(RoleKey))
            yield return new($"{SectionName}:{nameof(RoleKey)} ({RoleKeyVariable}) must be 32 bytes as hex or base64.");
        if (CurveSecretKey is not null && !IsKey(CurveSecretKey))
            yield return new($"{SectionName}:{nameof(CurveSecretKey)} must be 32 bytes as hex or base64.");
        if (CurveServerKey is not null && CurveServerKey.Length != 40 && !IsKey(CurveServerKey))
            yield return new($"{SectionName}:{nameof(CurveServerKey)} must be 32 bytes as hex, base64 or Z85.");
        if (BackoffMax < BackoffMin)
            yield return new($"{SectionName}:{nameof(BackoffMax)} must not be below {nameof(BackoffMin)}.");
    }

    /// <summary>The keys a server checks with, and a client of some role proves with.</summary>
    internal RoleKeys KeysOf(Roles self) =>
        Secret is not null ? RoleKeys.FromSecret(Secret)
        : RoleKey is not null ? RoleKeys.FromRoleKey(self, RoleKey)
        : RoleKeys.None;

    internal NetMQCertificate ServerPair() =>
        CurveSecretKey is not null ? NetMQCertificate.CreateFromSecretKey(RoleKeys.Parse(CurveSecretKey))
        : Secret is not null ? RoleKeys.CurvePair(Secret)
        : throw new CompositionException($"CURVE needs {SecretVariable} or {SectionName}:{nameof(CurveSecretKey)}.");

    internal byte[] ServerKey() =>
        CurveServerKey is { Length: 40 } ? NetMQCertificate.FromPublicKey(CurveServerKey).PublicKey
        : CurveServerKey is not null ? RoleKeys.Parse(CurveServerKey)
        : Secret is not null ? RoleKeys.CurvePair(Secret).PublicKey
        : throw new CompositionException($"CURVE needs {SecretVariable} or {SectionName}:{nameof(CurveServerKey)}.");

    private static string? Given(string? setting) => string.IsNullOrWhiteSpace(setting) ? null : setting.Trim();

    private static bool IsYes(string setting) => setting switch
    {
        "1" or "true" or "True" or "on" => true,
        "0" or "false" or "False" or "off" => false,
        _ => throw new CompositionException($"{CurveVariable} is '{setting}'; it must be true or false."),
    };

    private static bool IsKey(string key)
    {
        try
        {
            RoleKeys.Parse(key);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
