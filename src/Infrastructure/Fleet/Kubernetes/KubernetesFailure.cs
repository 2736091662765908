using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using FaaS.Application.Scaler;
using k8s.Autorest;
using k8s.Exceptions;
using YamlDotNet.Core;

namespace FaaS.Infrastructure.Fleet.Kubernetes;

/// <summary>What exceptions of the Kubernetes client mean for the scaler.</summary>
internal static class KubernetesFailure
{
    /// <summary>The answer that stands for the exception; null for one that is a defect of ours.</summary>
    public static FleetAnswer? Of(Exception error, TimeSpan timeout) => error switch
    {
        OperationCanceledException => FleetAnswer.Fail(
            FleetOutcome.TimedOut, $"The Kubernetes API did not answer within {timeout.TotalSeconds} s."),
        HttpOperationException { Response: { } response } => OfStatus(response),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            FleetAnswer.Fail(FleetOutcome.Unreadable, "An answer of the Kubernetes API is too large."),
        KubeConfigException => FleetAnswer.Fail(FleetOutcome.Unreachable, "The program that the kubeconfig names gave no token."),
        HttpRequestException or IOException => FleetAnswer.Fail(
            FleetOutcome.Unreachable, $"The Kubernetes API cannot be reached: {PlainText.Of(error.Message)}"),
        JsonException or FormatException => FleetAnswer.Fail(
            FleetOutcome.Unreadable, $"An answer of the Kubernetes API cannot be read: {PlainText.Of(error.Message)}"),
        _ => null,
    };

    /// <summary>
    /// The same for finding out where the API is. A file may hold a token, so what its reader says of it is not repeated.
    /// </summary>
    public static FleetAnswer? OfConfiguration(Exception error, string? kubeconfig) => error switch
    {
        OperationCanceledException => FleetAnswer.Fail(
            FleetOutcome.TimedOut, "It took too long to find out where the Kubernetes API is."),
        // The last three: its reader does not expect a file that is empty or cut off.
        KubeConfigException or IOException or UnauthorizedAccessException or YamlException or FormatException
            or CryptographicException or ArgumentException or InvalidOperationException
            or NullReferenceException => FleetAnswer.Fail(
                FleetOutcome.Unreachable,
                string.IsNullOrEmpty(kubeconfig)
                    ? "This is no pod with a service account of a cluster, and neither Url nor Kubeconfig is set."
                    : $"The kubeconfig '{PlainText.Of(kubeconfig)}' cannot be used ({error.GetType().Name})."),
        _ => null,
    };

    private static FleetAnswer OfStatus(HttpResponseMessageWrapper response)
    {
        var code = response.StatusCode;
        // Those that another try may cure are the API's trouble, not its will.
        var outcome = code is HttpStatusCode.RequestTimeout or HttpStatusCode.GatewayTimeout ? FleetOutcome.TimedOut
            : code >= HttpStatusCode.InternalServerError || code == HttpStatusCode.TooManyRequests ? FleetOutcome.Unreachable
            : FleetOutcome.Refused;
        return FleetAnswer.Fail(outcome, $"The Kubernetes API answered {(int)code}: {Reason(response.Content)}");
    }

    private static string Reason(string? content)
    {
        try
        {
            using var status = JsonDocument.Parse(content ?? "");
            if (status.RootElement.ValueKind == JsonValueKind.Object
                && status.RootElement.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String)
                return PlainText.Of(message.GetString()!);
        }
        catch (JsonException)
        {
            // A proxy's page, perhaps.
        }
        return "it does not say why.";
    }
}
