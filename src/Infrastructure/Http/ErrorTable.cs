using FaaS.Domain;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>The one place where errors become HTTP statuses.</summary>
internal static class ErrorTable
{
    /// <summary>Quotas of bytes are about what is too large, the others about what is too much at a time.</summary>
    public static int StatusOf(Error error) =>
        error is { Code: ErrorCode.QuotaExceeded, Quota: "sourceBytes" or "storedBytes" }
            ? StatusCodes.Status413PayloadTooLarge
            : StatusOf(error.Code);

    public static int StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.BadRequest or ErrorCode.InvalidName or ErrorCode.InvalidArguments => StatusCodes.Status400BadRequest,
        ErrorCode.Unauthorized => StatusCodes.Status401Unauthorized,
        ErrorCode.Forbidden => StatusCodes.Status403Forbidden,
        ErrorCode.UserNotFound or ErrorCode.FunctionNotFound or ErrorCode.VersionNotFound or ErrorCode.JobNotFound
            or ErrorCode.BatchNotFound or ErrorCode.RouteNotFound => StatusCodes.Status404NotFound,
        ErrorCode.MethodNotAllowed => StatusCodes.Status405MethodNotAllowed,
        ErrorCode.Conflict or ErrorCode.LeaseLost or ErrorCode.AlreadySubmitted => StatusCodes.Status409Conflict,
        ErrorCode.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.InvalidSource => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.QuotaExceeded or ErrorCode.QueueFull => StatusCodes.Status429TooManyRequests,
        ErrorCode.NotDurable or ErrorCode.OutcomeUnknown or ErrorCode.Unavailable
            => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Refusals that will pass are told when to come back; a quota that only the user can relieve does not pass.</summary>
    public static int? RetryAfterOf(Error error) => error.RetryAfterSeconds
        ?? (error.Quota is null
            && StatusOf(error) is (StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            ? 1
            : null);
}
