using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>What a client says beside the arguments: when a job may start, until when, and by which key it is known again.</summary>
/// <param name="DelayMs">Not before so long from now; 0 for at once.</param>
/// <param name="TtlMs">Expires unless an attempt has started by so long from now; 0 for never.</param>
/// <param name="Key">The <c>Idempotency-Key</c>; null without one.</param>
internal readonly record struct SubmitOptions(long DelayMs, long TtlMs, string? Key)
{
    private const string KeyHeader = "Idempotency-Key";

    /// <summary>Said of an answer that an earlier submission made.</summary>
    private const string ReplayedHeader = "Idempotency-Replayed";

    private const long DayMs = 86_400_000;

    private const int DaysMax = 30;

    /// <summary>Reads them; the error names what is wrong and what is allowed.</summary>
    public static Result<SubmitOptions> Of(HttpContext http)
    {
        var (delayMs, ttlMs) = (0L, 0L);
        if (http.Request.QueryString.HasValue)
        {
            var (delay, ttl) = (SpanOf(http, "delay", min: 0), SpanOf(http, "ttl", min: 1));
            if ((delay.Error ?? ttl.Error) is { } wrong) return wrong;
            (delayMs, ttlMs) = (delay.Value, ttl.Value);
            if (ttlMs != 0 && ttlMs <= delayMs)
                return QueryTexts.Wrong("ttl", http.Text("ttl"), "more than delay: both count from now, and nothing expired starts");
        }
        var key = KeyOf(http);
        return key.IsOk ? new SubmitOptions(delayMs, ttlMs, key.Value.Length == 0 ? null : key.Value) : key.Error;
    }

    /// <summary>Says that the answer is an earlier submission's.</summary>
    public static void Replayed(HttpContext http) => http.Response.Headers[ReplayedHeader] = "true";

    /// <summary>The key with a hash of all that was asked for; null without a key.</summary>
    /// <param name="what">What is done: <c>run</c>.</param>
    /// <param name="function">The function's name.</param>
    /// <param name="body">The body, as it came.</param>
    public IdempotencyKey? KeyFor(string what, string function, byte[] body)
    {
        if (Key is null) return null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Names and numbers have no line breaks, so nothing can be taken for something else.
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{what}\n{function}\n{DelayMs}\n{TtlMs}\n")));
        hash.AppendData(body);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return new IdempotencyKey(Key, System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(digest));
    }

    private static Result<long> SpanOf(HttpContext http, string name, long min)
    {
        var text = http.Text(name);
        if (text.Length == 0) return 0;
        return Waits.TryParse(text, out var ms) && ms >= min && ms <= DaysMax * DayMs
            ? ms
            : QueryTexts.Wrong(name, text, $"a time such as 500ms, 30s, 10m, 2h or 1d, of {DaysMax}d at most{(min > 0 ? " and more than 0" : "")}");
    }

    private static Result<string> KeyOf(HttpContext http)
    {
        var lines = http.Request.Headers[KeyHeader];
        if (lines.Count == 0) return "";
        var key = lines[0] ?? "";
        return lines.Count == 1 && key.Length is > 0 and <= IdempotencyKey.LengthMax && key.All(letter => letter is >= ' ' and <= '~')
            ? key
            : new Error(
                ErrorCode.BadRequest,
                $"{KeyHeader} must be one header of 1 to {IdempotencyKey.LengthMax} printable ASCII characters, such as a UUID.");
    }
}
