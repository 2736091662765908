using System.Buffers.Binary;
using System.Globalization;
using FaaS.Application.Messaging;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;

namespace FaaS.Infrastructure.Telemetry;

/// <summary>
/// Decides which traces are kept. A span with a parent follows it; everything else is decided by its trace's id, so all
/// parts decide alike about a job without having to tell each other. The id is mixed first: a job's begins with a clock
/// and ends with a constant, and the usual sampler, which takes the first bytes for random, would keep all of an hour's
/// jobs and none of the next one's.
/// </summary>
internal sealed class JobSampler(double ratio) : Sampler
{
    private const string KindSetting = "OTEL_TRACES_SAMPLER";
    private const string RatioSetting = "OTEL_TRACES_SAMPLER_ARG";

    private readonly ulong _bound = ratio >= 1 ? ulong.MaxValue : (ulong)(ratio * ulong.MaxValue);

    /// <summary>The sampler that OpenTelemetry's usual settings ask for; without them every trace is kept.</summary>
    /// <exception cref="CompositionException">The settings are not what they must be.</exception>
    public static JobSampler Of(IConfiguration configuration)
    {
        switch (configuration[KindSetting])
        {
            case null or "" or "always_on" or "parentbased_always_on":
                return new JobSampler(1);
            case "always_off" or "parentbased_always_off":
                return new JobSampler(0);
            case "traceidratio" or "parentbased_traceidratio":
                var text = configuration[RatioSetting] ?? "1";
                return double.TryParse(text, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1
                    ? new JobSampler(ratio)
                    : throw new CompositionException($"{RatioSetting} is '{text}'; it must be a number from 0 to 1.");
            case var kind:
                throw new CompositionException(
                    $"{KindSetting} is '{kind}'; it must be always_on, always_off or traceidratio, or one of these with " +
                    "parentbased_ before it.");
        }
    }

    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        var keep = parent.SpanId != default
            ? (parent.TraceFlags & System.Diagnostics.ActivityTraceFlags.Recorded) != 0
            : Mix(samplingParameters.TraceId) < _bound || _bound == ulong.MaxValue;
        return new SamplingResult(keep ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }

    /// <summary>An even spread of ids that differ in few bits, the same in every process.</summary>
    private static ulong Mix(System.Diagnostics.ActivityTraceId id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.CopyTo(bytes);
        var mixed = BinaryPrimitives.ReadUInt64BigEndian(bytes) * 0x9E3779B97F4A7C15UL;
        mixed = (mixed ^ (mixed >> 29) ^ BinaryPrimitives.ReadUInt64BigEndian(bytes[8..])) * 0xD6E8FEB86659FD93UL;
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93UL;
        return mixed ^ (mixed >> 32);
    }
}
