using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>Which of a user's jobs a client asks for, as the query says it.</summary>
/// <param name="User">The owner.</param>
/// <param name="Function">Only of this function; null for all.</param>
/// <param name="State">Only in this state; null for any.</param>
/// <param name="FromMs">Only submitted at or after this instant, Unix ms; 0 for no bound.</param>
/// <param name="ToMs">Only submitted before this instant, Unix ms; 0 for no bound.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="Place">Where the page before ended; 0 for the first.</param>
internal sealed record JobFilter(
    string User, string? Function, JobState? State, long FromMs, long ToMs, int Limit, long Place)
{
    private static readonly Dictionary<string, JobState> States = Enum.GetValues<JobState>().ToDictionary(state => state.Word());

    private static readonly JobState[] All = Enum.GetValues<JobState>();

    /// <summary>Reads and checks it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">The page's size without one.</param>
    /// <param name="limitMax">The largest page.</param>
    /// <param name="allowed">States that may be asked for; null for all of them, an empty list where state is not asked for.</param>
    public static Result<JobFilter> Of(HttpContext http, int limit, int limitMax, JobState[]? allowed = null)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk) return user.Error;
        var function = http.Text("fn");
        if (function.Length > 0 && !Names.IsFunction(function))
            return new Error(ErrorCode.InvalidName, $"fn must be a function's name, which matches {Names.FunctionPattern}.");
        var state = allowed is [] ? (JobState?)null : StateOf(http.Text("state"), allowed ?? All);
        if (!state.IsOk) return state.Error;
        var (from, to) = (http.Time("from"), http.Time("to"));
        if ((from.Error ?? to.Error) is { } wrong) return wrong;
        if (to.Value != 0 && to.Value < from.Value)
            return QueryTexts.Wrong("to", http.Text("to"), "a time that is not before from");
        var (count, place) = (http.Number("limit", limit, 1, limitMax), http.Place(user.Value));
        if ((count.Error ?? place.Error) is { } bad) return bad;
        return new JobFilter(
            user.Value, function.Length == 0 ? null : function, state.Value, from.Value, to.Value, count.Value, place.Value);
    }

    /// <summary>The cursor of what comes behind a page; null when nothing does.</summary>
    public string? Cursor(long next) => next == 0 ? null : PageCursors.Write(User, next);

    private static Result<JobState?> StateOf(string word, JobState[] allowed)
    {
        if (word.Length == 0) return (JobState?)null;
        return States.TryGetValue(word, out var state) && allowed.Contains(state)
            ? (JobState?)state
            : QueryTexts.Wrong("state", word, $"one of {string.Join(", ", allowed.Select(each => each.Word()))}");
    }
}
