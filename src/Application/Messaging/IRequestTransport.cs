using FaaS.Domain;

namespace FaaS.Application.Messaging;

/// <summary>Carries encoded requests to the process that answers a module.</summary>
public interface IRequestTransport
{
    /// <summary>
    /// Sends one request, once, and waits for its answer. A broken connection is an error, not an exception:
    /// <see cref="ErrorCode.Unavailable"/> when the request was certainly not executed,
    /// <see cref="ErrorCode.OutcomeUnknown"/> when nobody can tell.
    /// </summary>
    /// <param name="row">The request's row.</param>
    /// <param name="body">The encoded request.</param>
    /// <param name="deadline">How long to wait for the answer, and how much of it the other side may use.</param>
    /// <param name="cancellation">Gives up waiting, and tells the other side.</param>
    Task<Result<ReadOnlyMemory<byte>>> SendAsync(
        ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation);
}

/// <summary>A request that asks to stay unanswered until there is something to say, or its wait is over.</summary>
public interface IParkedRequest
{
    /// <summary>How long it asks to stay parked, in ms; its deadline is that much later.</summary>
    int WaitMs { get; }
}
