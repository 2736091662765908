namespace FaaS.Domain;

/// <summary>
/// Why a request was refused. Identity of an error is this code, never an exception type: it survives a process hop.
/// The names on the wire are the snake_case forms (see <see cref="ErrorCodes"/>).
/// </summary>
public enum ErrorCode
{
    /// <summary>The request is malformed.</summary>
    BadRequest,

    /// <summary>A user's, function's or job's name does not match its pattern.</summary>
    InvalidName,

    /// <summary>The arguments are not a JSON array, or nest too deep.</summary>
    InvalidArguments,

    /// <summary>The source does not parse, or does not come out as a function.</summary>
    InvalidSource,

    /// <summary>No key, or one that is not known.</summary>
    Unauthorized,

    /// <summary>The key lacks the scope.</summary>
    Forbidden,

    /// <summary>No such user.</summary>
    UserNotFound,

    /// <summary>No such function.</summary>
    FunctionNotFound,

    /// <summary>No such version of the function.</summary>
    VersionNotFound,

    /// <summary>No such job, or one that was deleted.</summary>
    JobNotFound,

    /// <summary>No such batch.</summary>
    BatchNotFound,

    /// <summary>No such route.</summary>
    RouteNotFound,

    /// <summary>The route exists, the verb does not.</summary>
    MethodNotAllowed,

    /// <summary>The request contradicts what is there.</summary>
    Conflict,

    /// <summary>An earlier submission with this idempotency key made a job, which the error names.</summary>
    AlreadySubmitted,

    /// <summary>A body is over its limit.</summary>
    TooLarge,

    /// <summary>A user's quota is used up.</summary>
    QuotaExceeded,

    /// <summary>The queue takes no more for now.</summary>
    QueueFull,

    /// <summary>The store did not take the write: it is certain that nothing was stored.</summary>
    NotDurable,

    /// <summary>Whether the write was stored is not known.</summary>
    OutcomeUnknown,

    /// <summary>A part that is needed does not answer.</summary>
    Unavailable,

    /// <summary>The caller's epoch or lease is no longer the current one.</summary>
    LeaseLost,

    /// <summary>A defect of the platform.</summary>
    Internal,
}

/// <summary>Spells error codes the way clients see them.</summary>
public static class ErrorCodes
{
    private static readonly string[] Words =
        [.. Enum.GetValues<ErrorCode>().Select(code => Spelling.SnakeCase(code.ToString()))];

    /// <summary>The stable machine word, e.g. <c>function_not_found</c>.</summary>
    public static string Word(this ErrorCode code) => Words[(int)code];
}
