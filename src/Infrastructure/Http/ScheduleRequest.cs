using System.Text;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain;
using static FaaS.Infrastructure.Http.JsonMembers;

namespace FaaS.Infrastructure.Http;

/// <summary>When a function is to run, as a body says it. Whether the expression means anything is Db's to say.</summary>
internal static class ScheduleRequest
{
    /// <summary>The longest body, in bytes: the largest arguments, and the rest with every character as an escape of six.</summary>
    public const int BytesMax = ScheduleLimits.ArgumentBytes + (6 * (ScheduleLimits.CronCharsMax + ScheduleLimits.ZoneCharsMax)) + 1_024;

    private const string Form =
        """{"cron": "*/5 * * * *", "timeZone": "Europe/Madrid", "arguments": [1, 2], "missed": "latest"}""";

    private const string Malformed = $"The body must be a JSON object such as {Form}; all but cron may be left out.";

    private const string Zone = "UTC";

    private static readonly string[] Fields = ["cron", "timeZone", "arguments", "missed"];

    /// <summary>Reads a body; the error names the field that is wrong.</summary>
    /// <param name="body">The body.</param>
    /// <param name="depth">How deep arguments may nest.</param>
    public static Result<ScheduleDefinition> Parse(byte[] body, int depth)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = depth + 1 });
            return json.RootElement.ValueKind == JsonValueKind.Object ? Read(json.RootElement, depth) : Bad(Malformed);
        }
        catch (WrongFieldException wrong)
        {
            return Bad(wrong.Message);
        }
        // Half of a surrogate pair is no text, which only shows when it is read as one.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return Bad(Malformed);
        }
    }

    private static Result<ScheduleDefinition> Read(JsonElement json, int depth)
    {
        var given = Members(json, "", Fields);
        if (Text("cron", given) is not { } cron) return Bad($"cron is missing. {Malformed}");
        var word = Text("missed", given);
        if ((word is null ? MissedRuns.Latest : MissedRunWords.Read(word)) is not { } missed)
            return Bad("missed must be 'latest', 'skip' or 'all'.");
        var arguments = given.TryGetValue("arguments", out var array) && array.ValueKind != JsonValueKind.Null
            ? RequestBodies.CheckArguments(Encoding.UTF8.GetBytes(array.GetRawText()), depth)
            : "[]"u8.ToArray();
        if (!arguments.IsOk) return arguments.Error;
        return new ScheduleDefinition(cron, Text("timeZone", given) ?? Zone, missed, arguments.Value);
    }

    private static Error Bad(string message) => new(ErrorCode.BadRequest, message);
}
