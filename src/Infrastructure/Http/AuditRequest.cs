using System.Globalization;
using FaaS.Application.Db;
using FaaS.Domain;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>Which entries of the audit log a client asks for.</summary>
internal static class AuditRequest
{
    private const int LimitDefault = 100;

    public static Result<AuditQuery> Of(HttpContext http)
    {
        var (limit, cursor) = (Text(http, "limit"), Text(http, "cursor"));
        if (!TryParse(limit, LimitDefault, AuditLimits.PageMax, out var count))
            return Wrong("limit", limit, $"a whole number from 1 to {AuditLimits.PageMax}");
        if (!TryParse(cursor, 0, long.MaxValue, out var before)) return Wrong("cursor", cursor, "the cursor of the page before");
        if (!TryParseTime(Text(http, "from"), out var from)) return WrongTime("from", Text(http, "from"));
        if (!TryParseTime(Text(http, "to"), out var to)) return WrongTime("to", Text(http, "to"));
        var (user, action) = (Text(http, "user"), Text(http, "action"));
        return new AuditQuery(
            user.Length == 0 ? null : user, action.Length == 0 ? null : action, from, to, before, (int)count);
    }

    private static string Text(HttpContext http, string name) => http.Request.Query[name].ToString();

    private static bool TryParse(string text, long without, long max, out long number)
    {
        number = without;
        return text.Length == 0
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
                && number >= 1 && number <= max);
    }

    /// <summary>A time to the millisecond; 0 without one.</summary>
    private static bool TryParseTime(string text, out long unixMs)
    {
        unixMs = 0;
        if (text.Length == 0) return true;
        // A plus sign in a query is a space.
        if (!DateTimeOffset.TryParse(
                text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return false;
        unixMs = time.ToUnixTimeMilliseconds();
        return unixMs > 0;
    }

    private static Error WrongTime(string name, string text) => Wrong(name, text, "a time after 1970, such as 2026-11-24T12:00:00Z");

    private static Error Wrong(string name, string text, string allowed) =>
        new(ErrorCode.BadRequest, $"{name} is '{text}'; it must be {allowed}.");
}
