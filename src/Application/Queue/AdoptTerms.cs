using FaaS.Domain;
using FaaS.Domain.Users;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Tells the queue a user's quotas, once Db has them. An older revision than the one it knows changes nothing. If this
/// gets lost, the queue's upkeep learns the same within a minute.
/// </summary>
/// <param name="Terms">The user's terms.</param>
public sealed record AdoptTerms(UserTerms Terms) : IRequest<Result<AdoptedTerms>>;

/// <summary>What adopting found.</summary>
/// <param name="Revision">The revision the queue goes by now.</param>
public sealed record AdoptedTerms(long Revision);

internal sealed class AdoptTermsHandler(QueueLoop loop) : IRequestHandler<AdoptTerms, Result<AdoptedTerms>>
{
    public async Task<Result<AdoptedTerms>> Handle(AdoptTerms request, CancellationToken cancellationToken)
    {
        var revision = await loop.AskAsync<long>(
            (queue, reply, now) => reply.Reply(queue.AdoptTerms(request.Terms, now)), cancellationToken)
            .ConfigureAwait(false);
        return revision.IsOk ? new AdoptedTerms(revision.Value) : revision.Error;
    }
}
