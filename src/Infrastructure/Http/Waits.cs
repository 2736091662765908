using System.Globalization;
using FaaS.Domain;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>How long a client wants to wait, and how it says so.</summary>
internal static class Waits
{
    /// <summary>The longest wait; more is taken as this much.</summary>
    public const int MaxMs = 60_000;

    /// <summary>The query's <c>wait</c>: <c>30s</c>, <c>500ms</c>, <c>1m</c>, or plain seconds; 0 without it.</summary>
    public static Result<int> OfQuery(HttpContext http)
    {
        if (!http.Request.QueryString.HasValue) return 0;
        var text = http.Request.Query["wait"].ToString();
        if (text.Length == 0) return 0;
        return TryParse(text, out var ms)
            ? (int)Math.Min(ms, MaxMs)
            : new Error(ErrorCode.BadRequest, $"wait is '{text}'; it must be a time such as 30s, 500ms or 30 (seconds).");
    }

    /// <summary>The header <c>Prefer: wait=N</c> in seconds; 0 without it. A preference that makes no sense is ignored.</summary>
    public static int OfPreference(HttpContext http, out bool asynchronous)
    {
        asynchronous = false;
        var ms = 0;
        foreach (var line in http.Request.Headers["Prefer"])
        {
            foreach (var part in (line ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                if (part.Equals("respond-async", StringComparison.OrdinalIgnoreCase)) asynchronous = true;
                else if (part.StartsWith("wait=", StringComparison.OrdinalIgnoreCase)
                    && int.TryParse(part.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                    ms = (int)Math.Min(seconds * 1000L, MaxMs);
            }
        }
        return ms;
    }

    /// <summary>Parses a time with a unit (ms, s, m, h, d) or plain seconds.</summary>
    public static bool TryParse(string text, out long ms)
    {
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
        ms = 0;
        if (!long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > int.MaxValue) return false;
        var unitMs = text[digits..] switch
        {
            "ms" => 1,
            "s" or "" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => 0,
        };
        ms = number * unitMs;
        return unitMs > 0;
    }
}
