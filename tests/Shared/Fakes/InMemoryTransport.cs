using FaaS.Application.Messaging;
using FaaS.Domain;
using MediatR;

namespace FaaS.Tests.Shared.Fakes;

/// <summary>
/// Carries requests between two containers of one process as bytes, the way a socket does: nothing but a name, a role
/// and a body reaches the other side, and nothing but a body or an error comes back.
/// </summary>
/// <param name="served">What the other side answers.</param>
/// <param name="mediator">The other side's mediator.</param>
/// <param name="role">Who the caller is.</param>
public sealed class InMemoryTransport(ServedRequests served, IMediator mediator, Roles role) : IRequestTransport
{
    private int _sent;

    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Turns the answer's body into another one, as a newer or a broken peer might.</summary>
    public Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? Distort { get; set; }

    public async Task<Result<ReadOnlyMemory<byte>>> SendAsync(
        ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _sent);
        // A copy, so that neither side can see the other's memory.
        byte[] carried = [.. body.Span];
        var answer = await served.AnswerAsync(mediator, row.Name, role, carried, cancellation);
        if (!answer.IsOk)
        {
            return answer.Error with { Message = new string(answer.Error.Message) };
        }
        byte[] returned = [.. answer.Value.Span];
        return Distort is null ? (ReadOnlyMemory<byte>)returned : Distort(returned);
    }
}
