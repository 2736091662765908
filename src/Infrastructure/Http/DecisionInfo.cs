using System.Globalization;
using System.Text;
using System.Text.Json;
using FaaS.Application.Db;
using FaaS.Domain.Scaling;

namespace FaaS.Infrastructure.Http;

/// <summary>Writes decisions, for programs and for people.</summary>
internal static class DecisionInfo
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<RecordedDecision> decisions)
    {
        json.WriteStartArray("res"u8);
        foreach (var (id, decision) in decisions)
        {
            json.WriteStartObject();
            json.WriteNumber("id"u8, id);
            json.WriteString("at"u8, JsonFields.Iso(decision.At));
            json.WriteString("policy"u8, decision.Policy);
            json.WriteString("rule"u8, decision.Rule);
            json.WriteNumber("present"u8, decision.Present);
            json.WriteCount("desired", decision.Desired);
            json.WriteCount("target", decision.Target);
            json.WriteString("reason"u8, decision.Reason);
            Write(json, decision.Sample);
            Write(json, decision.Measures);
            json.WriteText("fleet", decision.Fleet);
            json.WriteText("outcome", decision.Outcome);
            json.WriteText("detail", decision.Detail);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>One line each: when, from how many workers to how many, the rule, why, and how the change ended.</summary>
    public static string Lines(IReadOnlyList<RecordedDecision> decisions)
    {
        var lines = new StringBuilder(decisions.Count * 160);
        foreach (var (_, decision) in decisions)
        {
            var target = decision.Target is { } workers ? workers.ToString(CultureInfo.InvariantCulture) : "-";
            lines.Append(
                CultureInfo.InvariantCulture,
                $"{JsonFields.Iso(decision.At)}  {decision.Present,3} → {target,-3}  ");
            AppendLine(lines, $"{decision.Rule,-9}  {decision.Reason}{Outcome(decision)}");
        }
        return lines.ToString();
    }

    private static string Outcome(DecisionReport decision) => decision switch
    {
        { Outcome: null } => "",
        { Detail: null } => $"  [{decision.Outcome}]",
        _ => $"  [{decision.Outcome}: {decision.Detail}]",
    };

    /// <summary>A line stays a line, and a terminal is told nothing, whatever a platform's tool has answered.</summary>
    private static void AppendLine(StringBuilder lines, string text)
    {
        foreach (var letter in text) lines.Append(char.IsControl(letter) ? ' ' : letter);
        lines.Append('\n');
    }

    private static void Write(Utf8JsonWriter json, ScalingSample? sample)
    {
        if (sample is null)
        {
            json.WriteNull("sample"u8);
            return;
        }
        json.WriteStartObject("sample"u8);
        json.WriteString("at"u8, JsonFields.Iso(sample.At));
        json.WriteNumber("workers"u8, sample.Workers);
        json.WriteNumber("starting"u8, sample.Starting);
        json.WriteNumber("epoch"u8, sample.Epoch);
        json.WriteNumber("queued"u8, sample.Queued);
        json.WriteNumber("inFlight"u8, sample.InFlight);
        json.WriteNumber("oldestQueuedMs"u8, sample.OldestQueuedMs);
        json.WriteNumber("readyWorkers"u8, sample.ReadyWorkers);
        json.WriteNumber("slots"u8, sample.Slots);
        json.WriteNumber("arrived"u8, sample.Arrived);
        json.WriteNumber("attempts"u8, sample.Attempts);
        json.WriteNumber("busyMs"u8, sample.BusyMs);
        json.WriteNumber("runningMs"u8, sample.RunningMs);
        json.WriteBoolean("storeAvailable"u8, sample.StoreAvailable);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ScalingMeasures? measures)
    {
        if (measures is null)
        {
            json.WriteNull("measures"u8);
            return;
        }
        json.WriteStartObject("measures"u8);
        json.WriteMeasure("arrivalsPerSecond", measures.ArrivalsPerSecond);
        json.WriteMeasure("serviceMs", measures.ServiceMs);
        json.WriteMeasure("busySlots", measures.BusySlots);
        json.WriteMeasure("slotsPerWorker", measures.SlotsPerWorker);
        json.WriteMeasure("predictedWaitMs", measures.PredictedWaitMs);
        json.WriteMeasure("measuredSeconds", measures.MeasuredSeconds);
        json.WriteEndObject();
    }
}
