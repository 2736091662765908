using System.Text.Json;
using System.Text.Unicode;
using FaaS.Application.Db;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Http;

/// <summary>Writes a job's whole record.</summary>
internal static class JobInfo
{
    public static void Write(Utf8JsonWriter json, (JobRecord Job, JobStanding? Standing, long NowMs) state)
    {
        json.WriteStartObject("res"u8);
        WriteFields(json, state.Job, state.Standing, state.NowMs, withResult: true);
        json.WriteEndObject();
    }

    /// <summary>As an entry of a list: without the result.</summary>
    public static void WriteOfList(Utf8JsonWriter json, JobRecord job, JobStanding? standing, long nowMs)
    {
        json.WriteStartObject();
        WriteFields(json, job, standing, nowMs, withResult: false);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, JobRecord job, JobStanding? standing, long nowMs, bool withResult)
    {
        // The record was read after the standing: once it says ended, it is.
        if (job.State.IsTerminal()) standing = null;
        var startedAtMs = standing is { StartedAtMs: > 0 } ? standing.StartedAtMs : job.StartedAtMs;
        json.WriteString("id"u8, job.Id.ToString());
        json.WriteString("user"u8, job.Binding.User);
        json.WriteString("fn"u8, job.Binding.Function);
        json.WriteNumber("version"u8, job.Binding.Version);
        json.WriteString("state"u8, (standing?.State ?? job.State).Word());
        json.WriteText("outcome", job.Outcome?.Word());
        json.WriteNumber("attempts"u8, job.Counts.Ended + (standing?.State == JobState.Running ? 1 : 0));
        json.WriteTime("submittedAt", job.SubmittedAtMs);
        json.WriteTime("dueAt", job.DueAtMs);
        json.WriteTime("startedAt", startedAtMs);
        json.WriteTime("endedAt", job.EndedAtMs);
        WriteStanding(json, standing, nowMs);
        var waitedFromMs = Math.Max(job.SubmittedAtMs, job.DueAtMs);
        json.WriteNumber("queuedMs"u8, startedAtMs > 0 ? Math.Max(0, startedAtMs - waitedFromMs) : 0);
        WriteMs(json, "coldStartMs", job.Usage.ColdStart);
        WriteMs(json, "cpuMs", job.Usage.Cpu);
        WriteMs(json, "wallMs", job.Usage.Wall);
        if (withResult) WriteResult(json, job);
        WriteError(json, job.Error);
        json.WriteText("redriveOf", job.RedriveOf?.ToString());
        json.WriteNull("batch"u8);
    }

    /// <summary>
    /// Writes JSON that a sandbox gave. A sandbox is not trusted: what is not JSON after all is written as null.
    /// </summary>
    public static void WriteRaw(Utf8JsonWriter json, byte[] value)
    {
        if (IsJson(value)) json.WriteRawValue(value, skipInputValidation: true);
        else json.WriteNullValue();
    }

    private static void WriteStanding(Utf8JsonWriter json, JobStanding? standing, long nowMs)
    {
        if (standing is { Position: > 0 }) json.WriteNumber("position"u8, standing.Position);
        else json.WriteNull("position"u8);
        json.WriteTime("estimatedStartAt", standing?.EstimatedWait is { } wait ? nowMs + (long)wait.TotalMilliseconds : 0);
    }

    private static void WriteResult(Utf8JsonWriter json, JobRecord job)
    {
        if (job.Value is null || job.Kind is ResultKind.None or ResultKind.Opaque)
        {
            json.WriteNull("result"u8);
        }
        else if (job.Kind == ResultKind.Text)
        {
            json.WriteString("result"u8, job.Value);
        }
        else
        {
            json.WritePropertyName("result"u8);
            WriteRaw(json, job.Value);
        }
    }

    private static void WriteError(Utf8JsonWriter json, FunctionError? error)
    {
        if (error is null)
        {
            json.WriteNull("error"u8);
            return;
        }
        json.WriteStartObject("error"u8);
        json.WriteString("name"u8, error.Name);
        json.WriteString("message"u8, error.Message);
        json.WriteText("stack", error.Stack);
        json.WriteEndObject();
    }

    private static void WriteMs(Utf8JsonWriter json, string name, TimeSpan time) =>
        json.WriteMeasure(name, time.TotalMilliseconds);

    private static bool IsJson(byte[] value)
    {
        // The reader does not look into strings.
        if (!Utf8.IsValid(value)) return false;
        try
        {
            var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 100_000 });
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
