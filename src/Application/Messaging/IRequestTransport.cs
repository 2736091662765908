using FaaS.Domain;
using MediatR;

namespace FaaS.Application.Messaging;

/// <summary>Carries encoded requests to the process that answers a module.</summary>
public interface IRequestTransport
{
    /// <summary>
    /// Sends one request and waits for its answer. A broken connection is an error, not an exception:
    /// <see cref="ErrorCode.Unavailable"/> when the request was certainly not executed,
    /// <see cref="ErrorCode.OutcomeUnknown"/> when nobody can tell.
    /// </summary>
    /// <param name="row">The request's row.</param>
    /// <param name="body">The encoded request.</param>
    /// <param name="cancellation">Gives up waiting, and tells the other side.</param>
    Task<Result<ReadOnlyMemory<byte>>> SendAsync(
        ContractRow row, ReadOnlyMemory<byte> body, CancellationToken cancellation);
}

/// <summary>Stands in for the handler of a module that lives in another process.</summary>
internal sealed class ForwardingHandler<TRequest, TResponse>(
    ContractRow<TRequest, TResponse> row, IRequestTransport transport) : IRequestHandler<TRequest, Result<TResponse>>
    where TRequest : IRequest<Result<TResponse>>
{
    public async Task<Result<TResponse>> Handle(TRequest request, CancellationToken cancellationToken)
    {
        var answer = await transport.SendAsync(row, row.Encode(request), cancellationToken).ConfigureAwait(false);
        return answer.IsOk ? row.Decode(answer.Value) : answer.Error;
    }
}
