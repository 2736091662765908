using System.Security.Cryptography;
using System.Text;
using FaaS.Application.Messaging;
using NetMQ;

namespace FaaS.Infrastructure.NetMq;

/// <summary>
/// Who may prove to be what. Each role's key is derived from the cluster secret, so that a worker's image can hold its
/// own and nobody else's.
/// </summary>
public sealed class RoleKeys
{
    private const int KeyBytes = 32;
    private readonly Dictionary<Roles, byte[]> _keys;

    private RoleKeys(Dictionary<Roles, byte[]> keys) => _keys = keys;

    /// <summary>The keys of a loopback link without a secret: all zero. The same frames cross, and prove nothing.</summary>
    public static RoleKeys None { get; } = new(Enum.GetValues<Roles>().Where(IsOne).ToDictionary(role => role, _ => new byte[KeyBytes]));

    /// <summary>Every role's key.</summary>
    /// <param name="secret">The cluster secret; its UTF-8 bytes count.</param>
    public static RoleKeys FromSecret(string secret) =>
        new(Enum.GetValues<Roles>().Where(IsOne).ToDictionary(role => role, role => Derive(secret, $"faas/role/{Word(role)}/1")));

    /// <summary>One role's key, and no other.</summary>
    /// <param name="role">The role.</param>
    /// <param name="key">32 bytes, as 64 hex digits or as base64.</param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static RoleKeys FromRoleKey(Roles role, string key) => new(new() { [role] = Parse(key) });

    /// <summary>A role's key as the setting <c>FAAS_ROLE_KEY</c> takes it.</summary>
    /// <exception cref="KeyNotFoundException">These keys don't hold the role's.</exception>
    public string Export(Roles role) => Convert.ToHexStringLower(_keys[role]);

    /// <summary>The bytes of a key written as hex or base64.</summary>
    /// <exception cref="FormatException">It is not 32 bytes of either.</exception>
    internal static byte[] Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var bytes = key.Length == 2 * KeyBytes ? Convert.FromHexString(key) : Convert.FromBase64String(key);
        return bytes.Length == KeyBytes ? bytes : throw new FormatException("A key is 32 bytes.");
    }

    /// <summary>The key pair that the server of a cluster shows under CURVE.</summary>
    internal static NetMQCertificate CurvePair(string secret) =>
        NetMQCertificate.CreateFromSecretKey(Derive(secret, "faas/curve/1"));

    internal byte[]? Find(Roles role) => _keys.GetValueOrDefault(role);

    /// <summary>Whether it is exactly one role, and one that exists.</summary>
    internal static bool IsOne(Roles role) => role is Roles.Frontend or Roles.Db or Roles.Queue or Roles.Worker or Roles.Scaler;

    private static string Word(Roles role) => role.ToString().ToLowerInvariant();

    private static byte[] Derive(string secret, string purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyBytes, info: Encoding.ASCII.GetBytes(purpose));
}
