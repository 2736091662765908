using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using FaaS.Domain.Functions;
using FaaS.Domain.Jobs;

namespace FaaS.Application.Messaging;

/// <summary>A job id crosses as its 24 hex characters.</summary>
internal sealed class JobIdConverter : JsonConverter<JobId>
{
    public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobId.TryParse(reader.GetString(), out var id)
            ? id
            : throw new JsonException("A job id is 24 lower-case hex characters.");

    public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>A source hash crosses as its 32 hex characters.</summary>
internal sealed class SourceHashConverter : JsonConverter<SourceHash>
{
    public override SourceHash Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("A source hash is a string."));

    public override void Write(Utf8JsonWriter writer, SourceHash value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Text);
}

/// <summary>A seal crosses as 32 hex characters: no language has to do arithmetic with it.</summary>
internal sealed class SealConverter : JsonConverter<UInt128>
{
    private const int Length = 32;

    public override UInt128 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { Length: Length } text
        && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var seal)
            ? seal
            : throw new JsonException("A seal is 32 hex characters.");

    public override void Write(Utf8JsonWriter writer, UInt128 value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[Length];
        value.TryFormat(text, out _, "x32", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text);
    }
}

/// <summary>A span of time crosses as a whole number of microseconds, so that other languages can read it.</summary>
internal sealed class MicrosecondsConverter : JsonConverter<TimeSpan>
{
    private const long MaxUs = long.MaxValue / TimeSpan.TicksPerMicrosecond;

    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetInt64() is var us and >= -MaxUs and <= MaxUs
            ? TimeSpan.FromMicroseconds(us)
            : throw new JsonException("A span of time is out of range.");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        // In whole numbers: a double is off by some beyond 285 years, and what came would not be what is sent on.
        writer.WriteNumberValue(value.Ticks / TimeSpan.TicksPerMicrosecond);
}

/// <summary>An instant crosses as Unix milliseconds, as the whole numbers named <c>…Ms</c> do.</summary>
internal sealed class MillisecondsConverter : JsonConverter<DateTimeOffset>
{
    private static readonly long FirstMs = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long LastMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetInt64() is var ms && ms >= FirstMs && ms <= LastMs
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : throw new JsonException("An instant is out of range.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.ToUnixTimeMilliseconds());
}
