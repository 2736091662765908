using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Infrastructure.Http.Access;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// What a user's functions used. It is written page after page, so that it takes the memory of one page however many years it
/// tells of.
/// </summary>
internal sealed class UsageEndpoints(IMediator mediator)
{
    private const string DayFormat = "yyyy-MM-dd", Csv = "text/csv";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Map(IEndpointRouteBuilder app) => app.MapGet("/u/{user}/usage", GetAsync).Needs(Scopes.UsageRead);

    private async Task GetAsync(HttpContext http)
    {
        var query = QueryOf(http);
        var first = query.IsOk
            ? await mediator.Send(new ListUsage(query.Value), http.RequestAborted).ConfigureAwait(false)
            : query.Error;
        if (!first.IsOk)
        {
            await Answers.Fail(http, first.Error).ConfigureAwait(false);
            return;
        }
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.Headers.Vary = HeaderNames.Accept;
        await (WantsCsv(http) ? WriteCsvAsync(http, query.Value, first.Value) : WriteJsonAsync(http, query.Value, first.Value))
            .ConfigureAwait(false);
    }

    private static Result<UsageQuery> QueryOf(HttpContext http)
    {
        var user = RouteNames.User(http);
        if (!user.IsOk) return user.Error;
        var (from, to) = (DayOf(http, "from", 0), DayOf(http, "to", UsageQuery.DayMax));
        if ((from.Error ?? to.Error) is { } wrong) return wrong;
        if (to.Value < from.Value) return QueryTexts.Wrong("to", http.Text("to"), "a day that is not before from");
        var by = http.Text("by");
        var words = by.Length == 0 ? ["fn", "day"] : by.Split(',');
        if (words.Except(["fn", "day"]).Any() || words.Distinct().Count() != words.Length)
            return QueryTexts.Wrong("by", by, "fn, day, or fn,day");
        return new UsageQuery(user.Value, from.Value, to.Value, words.Contains("fn"), words.Contains("day"));
    }

    private static Result<long> DayOf(HttpContext http, string name, long without)
    {
        var text = http.Text(name);
        if (text.Length == 0) return without;
        return DateTimeOffset.TryParseExact(
                text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day)
            && day >= DateTimeOffset.UnixEpoch
            ? Days.Of(day)
            : QueryTexts.Wrong(name, text, "a day of UTC, such as 2026-11-24");
    }

    private static bool WantsCsv(HttpContext http) =>
        http.Request.GetTypedHeaders().Accept.OrderByDescending(type => type.Quality ?? 1)
            .FirstOrDefault(type => type.MediaType.Value is Csv or "application/json" or "*/*")?.MediaType.Value == Csv;

    /// <summary>The page after one; null, and the connection broken, when it is not to be had: the answer has begun with a success.</summary>
    private async Task<UsagePage?> NextAsync(HttpContext http, UsageQuery query, UsagePage page)
    {
        var next = await mediator.Send(new ListUsage(query with { After = page.Sums[^1].Key }), http.RequestAborted)
            .ConfigureAwait(false);
        // Of another generation is what somebody else used, though the name is the same.
        if (next.IsOk && next.Value.Generation == page.Generation) return next.Value;
        http.Abort();
        return null;
    }

    private async Task WriteJsonAsync(HttpContext http, UsageQuery query, UsagePage page)
    {
        http.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, Json);
        json.WriteStartObject();
        json.WriteBoolean("error"u8, false);
        json.WriteStartArray("res"u8);
        for (UsagePage? at = page; at is not null; at = at.More ? await NextAsync(http, query, at).ConfigureAwait(false) : null)
        {
            foreach (var sum in at.Sums) Write(json, query, sum);
            await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        }
        if (http.RequestAborted.IsCancellationRequested) return;
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }

    private static void Write(Utf8JsonWriter json, UsageQuery query, UsageSum sum)
    {
        json.WriteStartObject();
        if (query.ByFunction) json.WriteString("fn"u8, sum.Key.Function);
        if (query.ByDay) json.WriteString("day"u8, Text(sum.Key.Day));
        json.WriteNumber("invocations"u8, sum.Invocations);
        json.WriteMeasure("queuedMs", sum.Queued.TotalMilliseconds);
        json.WriteMeasure("coldStartMs", sum.ColdStart.TotalMilliseconds);
        json.WriteMeasure("cpuMs", sum.Cpu.TotalMilliseconds);
        json.WriteMeasure("wallMs", sum.Wall.TotalMilliseconds);
        json.WriteEndObject();
    }

    /// <summary>Names of functions have no comma, no quote, and do not begin with what a spreadsheet takes for a formula.</summary>
    private async Task WriteCsvAsync(HttpContext http, UsageQuery query, UsagePage page)
    {
        http.Response.ContentType = "text/csv; charset=utf-8; header=present";
        var lines = new StringBuilder();
        lines.Append(query.ByFunction ? "fn," : "").Append(query.ByDay ? "day," : "")
            .Append("invocations,queuedMs,coldStartMs,cpuMs,wallMs\r\n");
        for (UsagePage? at = page; at is not null; at = at.More ? await NextAsync(http, query, at).ConfigureAwait(false) : null)
        {
            foreach (var sum in at.Sums)
            {
                if (query.ByFunction) lines.Append(sum.Key.Function).Append(',');
                if (query.ByDay) lines.Append(Text(sum.Key.Day)).Append(',');
                lines.Append(CultureInfo.InvariantCulture, $"{sum.Invocations},{Ms(sum.Queued)},{Ms(sum.ColdStart)},{Ms(sum.Cpu)},{Ms(sum.Wall)}\r\n");
            }
            await http.Response.WriteAsync(lines.ToString(), http.RequestAborted).ConfigureAwait(false);
            lines.Clear();
        }
    }

    private static string Ms(TimeSpan time) => (time.Ticks / (decimal)TimeSpan.TicksPerMillisecond).ToString("0.###", CultureInfo.InvariantCulture);

    private static string Text(long day) => DateTimeOffset.UnixEpoch.AddDays(day).ToString(DayFormat, CultureInfo.InvariantCulture);
}
