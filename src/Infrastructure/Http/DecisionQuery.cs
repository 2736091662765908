using System.Globalization;
using FaaS.Application.Db;
using FaaS.Domain;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>Which of the scaler's decisions a client asks for.</summary>
/// <param name="Limit">At most this many, 1 to 1,000.</param>
/// <param name="Before">Only those with a smaller id; 0 for all.</param>
/// <param name="ChangesOnly">Only those that change the number of workers.</param>
internal readonly record struct DecisionQuery(int Limit, long Before, bool ChangesOnly)
{
    private const int LimitDefault = 100;

    public static Result<DecisionQuery> Of(HttpContext http)
    {
        var (limit, before, changes) = (Text(http, "limit"), Text(http, "before"), Text(http, "changes"));
        if (!TryParse(limit, LimitDefault, DecisionLimits.PageMax, out var count))
            return Wrong("limit", limit, $"a whole number from 1 to {DecisionLimits.PageMax}");
        if (!TryParse(before, 0, long.MaxValue, out var id))
            return Wrong("before", before, "the id of a decision, a whole number from 1");
        if (changes is not ("" or "true" or "false")) return Wrong("changes", changes, "true or false");
        return new DecisionQuery((int)count, id, changes == "true");
    }

    private static string Text(HttpContext http, string name) => http.Request.Query[name].ToString();

    private static bool TryParse(string text, long without, long max, out long number)
    {
        number = without;
        return text.Length == 0
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)
                && number >= 1 && number <= max);
    }

    private static Error Wrong(string name, string text, string allowed) =>
        new(ErrorCode.BadRequest, $"{name} is '{text}'; it must be {allowed}.");
}
