using System.Globalization;
using System.Text.Json;

namespace FaaS.Infrastructure.Http;

/// <summary>Fields that may have no value, and how times are written.</summary>
internal static class JsonFields
{
    public static void WriteText(this Utf8JsonWriter json, string name, string? value)
    {
        if (value is null) json.WriteNull(name);
        else json.WriteString(name, value);
    }

    /// <summary>Writes a time; 0 is none.</summary>
    public static void WriteTime(this Utf8JsonWriter json, string name, long unixMs)
    {
        if (unixMs == 0) json.WriteNull(name);
        else json.WriteString(name, Iso(DateTimeOffset.FromUnixTimeMilliseconds(unixMs)));
    }

    public static void WriteCount(this Utf8JsonWriter json, string name, int? value)
    {
        if (value is { } count) json.WriteNumber(name, count);
        else json.WriteNull(name);
    }

    /// <summary>Writes a measure, to a thousandth.</summary>
    public static void WriteMeasure(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } measure) json.WriteNumber(name, Math.Round(measure, 3));
        else json.WriteNull(name);
    }

    public static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
