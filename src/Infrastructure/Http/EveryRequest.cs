using FaaS.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FaaS.Infrastructure.Http;

/// <summary>
/// What holds for every request, wherever it ends: an id, an envelope for what no route answered, and a sentence in
/// place of a stack trace.
/// </summary>
internal sealed class EveryRequest(
    RequestDelegate next, IHostApplicationLifetime lifetime, ILogger<EveryRequest> logger)
{
    private const int MaxIdLength = 128;

    public async Task InvokeAsync(HttpContext http)
    {
        var given = GivenId(http);
        http.Response.Headers["X-Request-Id"] = given ?? http.TraceIdentifier;
        // The server's own scope says its id on every line; only an id that the client chose needs one more.
        using var scope = given is null ? null : HttpLog.OfRequest(logger, given);
        try
        {
            await next(http).ConfigureAwait(false);
            if (!http.Response.HasStarted) await AnswerUnroutedAsync(http).ConfigureAwait(false);
        }
        catch (BadHttpRequestException error)
        {
            await FailAsync(http, new Error(ErrorCode.BadRequest, $"The request is malformed: {error.Message}"))
                .ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException
            && http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The server has given up on this connection: if anybody hears it, they may try elsewhere.
            await FailAsync(http, new Error(
                ErrorCode.Unavailable, "The platform stops; send the request again in a moment.")).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The outermost place: whatever it was, the client gets an answer and the log the rest.
        catch (Exception error)
#pragma warning restore CA1031
        {
            HttpLog.Failed(logger, error, http.Request.Method, http.Request.Path);
            await FailAsync(http, new Error(
                ErrorCode.Internal, "The platform failed to answer; it has been logged under this request's id."))
                .ConfigureAwait(false);
        }
    }

    private static Task AnswerUnroutedAsync(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Answers.Fail(http, new Error(
            ErrorCode.RouteNotFound, $"There is nothing at {http.Request.Path}; docs/api.md lists the routes.")),
        StatusCodes.Status405MethodNotAllowed => Answers.Fail(http, new Error(
            ErrorCode.MethodNotAllowed,
            $"{http.Request.Method} is not possible here; allowed: {http.Response.Headers.Allow}.")),
        _ => Task.CompletedTask,
    };

    private static Task FailAsync(HttpContext http, Error error)
    {
        if (http.Response.HasStarted)
        {
            // Half an answer is out: cutting it off is the only way to say that it is not whole.
            http.Abort();
            return Task.CompletedTask;
        }
        return Answers.Fail(http, error);
    }

    private static string? GivenId(HttpContext http)
    {
        string? given = http.Request.Headers["X-Request-Id"];
        return given is not null && IsValid(given) ? given : null;
    }

    private static bool IsValid(string id)
    {
        if (id.Length is 0 or > MaxIdLength) return false;
        foreach (var letter in id)
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('-' or '_' or '.' or ':')) return false;
        return true;
    }
}

internal static partial class HttpLog
{
    /// <summary>Names the request on the lines that are logged until it is disposed of.</summary>
    public static readonly Func<ILogger, string, IDisposable?> OfRequest =
        LoggerMessage.DefineScope<string>("RequestId:{RequestId}");

    [LoggerMessage(5000, LogLevel.Error, "{Method} {Path} failed in an unexpected way.")]
    public static partial void Failed(ILogger logger, Exception error, string method, string path);
}
