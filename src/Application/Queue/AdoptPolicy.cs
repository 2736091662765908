using FaaS.Domain;
using FaaS.Domain.Functions;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Tells the queue what is configured for a function now, once Db has it. An older revision than the one it knows changes
/// nothing. If this gets lost, the next submission of the function says the same, and so does the queue's upkeep.
/// </summary>
/// <param name="Generation">The owner's generation.</param>
/// <param name="FunctionId">The function.</param>
/// <param name="Policy">What is configured.</param>
public sealed record AdoptPolicy(long Generation, long FunctionId, FunctionPolicy Policy) : IRequest<Result<AdoptedPolicy>>;

/// <summary>What adopting found.</summary>
/// <param name="Known">Whether the queue has, or lately had, jobs of the function; otherwise there is nothing to change.</param>
public sealed record AdoptedPolicy(bool Known);

internal sealed class AdoptPolicyValidator : AbstractValidator<AdoptPolicy>
{
    public AdoptPolicyValidator()
    {
        RuleFor(request => request.Policy.Revision).GreaterThan(0);
        RuleFor(request => request.Policy.Concurrency).GreaterThanOrEqualTo(0);
    }
}

internal sealed class AdoptPolicyHandler(QueueLoop loop) : IRequestHandler<AdoptPolicy, Result<AdoptedPolicy>>
{
    public async Task<Result<AdoptedPolicy>> Handle(AdoptPolicy request, CancellationToken cancellationToken)
    {
        var known = await loop.AskAsync<bool>(
            (queue, reply, _) => reply.Reply(queue.AdoptPolicy(request.Generation, request.FunctionId, request.Policy)),
            cancellationToken).ConfigureAwait(false);
        return known.IsOk ? new AdoptedPolicy(known.Value) : known.Error;
    }
}
