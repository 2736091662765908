using System.Diagnostics.Metrics;
using FaaS.Application.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FaaS.Infrastructure.Telemetry;

/// <summary>Collects what the parts measure and trace, and hands it out.</summary>
public static class TelemetrySetup
{
    /// <summary>Where traces go. Without it there are none.</summary>
    public const string EndpointSetting = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Every meter and source of the platform is named so, alone or with a technology's name behind it.</summary>
    private const string Ours = "FaaS*";

    /// <summary>The label that says which part a metric comes from.</summary>
    private const string PartLabel = "part";

    /// <summary>
    /// Collects metrics, to be read at <see cref="MapMetrics"/>; and, where <see cref="EndpointSetting"/> is set, sends
    /// traces there over OTLP. The exporter reads its other settings (<c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, headers,
    /// timeouts) from the container's configuration by itself.
    /// </summary>
    /// <param name="services">The container.</param>
    /// <param name="configuration">The host's settings.</param>
    /// <param name="part">The host's word: <c>frontend</c>, <c>queue</c>, <c>dev</c> and so on.</param>
    /// <exception cref="Application.Messaging.CompositionException">A setting is not what it must be.</exception>
    public static IServiceCollection AddTelemetry(
        this IServiceCollection services, IConfiguration configuration, string part)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("faas-" + part)
                .AddAttributes([new KeyValuePair<string, object>(PartLabel, part)]))
            .WithMetrics(metrics => metrics
                .AddMeter(Ours, "Microsoft.AspNetCore.*", "System.Runtime")
                .AddView(BucketsOfSpans)
                .AddPrometheusExporter(exporter =>
                {
                    exporter.ResourceConstantLabels = label => label == PartLabel;
                    // Names say whose a metric is; a label with the meter's on every line would say it again.
                    exporter.ScopeInfoEnabled = false;
                }));
        if (string.IsNullOrWhiteSpace(configuration[EndpointSetting])) return services;
        var sampler = JobSampler.Of(configuration);
        telemetry.WithTracing(traces => traces
            .SetSampler(sampler)
            .AddSource(Ours)
            .AddAspNetCoreInstrumentation(server => server.Filter = IsUsers)
            .AddOtlpExporter());
        return services;
    }

    /// <summary>Maps <c>/metrics</c>, in Prometheus' text form.</summary>
    public static IEndpointConventionBuilder MapMetrics(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.MapPrometheusScrapingEndpoint("/metrics");
    }

    /// <summary>
    /// Our spans have the same buckets everywhere, also where the instrument does not name them: the usual ones are made
    /// for milliseconds.
    /// </summary>
    private static ExplicitBucketHistogramConfiguration? BucketsOfSpans(Instrument instrument) =>
        instrument is Histogram<double> { Unit: "s" } && instrument.Meter.Name.StartsWith("FaaS", StringComparison.Ordinal)
            ? new ExplicitBucketHistogramConfiguration { Boundaries = [.. Instruments.Seconds.HistogramBucketBoundaries!] }
            : null;

    /// <summary>Health checks and scrapes come every few seconds, and nobody wants to see them.</summary>
    private static bool IsUsers(HttpContext http) =>
        !http.Request.Path.StartsWithSegments("/health") && !http.Request.Path.StartsWithSegments("/metrics");
}
