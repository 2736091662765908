using System.Globalization;
using FaaS.Domain;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>Reads what stands in a query. What is missing, or empty, is the default; what is wrong is told with what is allowed.</summary>
internal static class QueryTexts
{
    /// <summary>A parameter's text; empty without one.</summary>
    public static string Text(this HttpContext http, string name) => http.Request.Query[name].ToString();

    /// <summary>A whole number of a range.</summary>
    public static Result<int> Number(this HttpContext http, string name, int without, int min, int max)
    {
        var text = http.Text(name);
        if (text.Length == 0) return without;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : Wrong(name, text, $"a whole number from {min} to {max}");
    }

    /// <summary>A time, Unix ms; 0 without one.</summary>
    public static Result<long> Time(this HttpContext http, string name)
    {
        var text = http.Text(name);
        if (text.Length == 0) return 0;
        // A plus sign in a query is a space.
        return DateTimeOffset.TryParse(
                text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && time.ToUnixTimeMilliseconds() is var unixMs and > 0
            ? unixMs
            : Wrong(name, text, "a time after 1970, such as 2026-11-24T12:00:00Z");
    }

    /// <summary>A page's place in the order of jobs; 0 for the first page.</summary>
    public static Result<long> Place(this HttpContext http, string user)
    {
        var text = http.Text("cursor");
        if (text.Length == 0) return 0;
        return PageCursors.TryRead(user, text, out var place)
            ? place
            : Wrong("cursor", text, "the whole cursor of the page before, of the same user");
    }

    /// <summary>What is wrong with a parameter, in a sentence. A text that is long is not repeated whole.</summary>
    public static Error Wrong(string name, string text, string allowed) => new(
        ErrorCode.BadRequest, $"{name} is '{(text.Length > 64 ? text[..64] + "…" : text)}'; it must be {allowed}.");
}
