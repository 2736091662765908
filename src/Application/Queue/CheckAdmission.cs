using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Queue;

/// <summary>
/// Asks whether a submission would be refused, before its large arguments are stored: what is refused anyway must not fill
/// the store with bodies that no job refers to.
/// </summary>
/// <param name="User">The user's name.</param>
/// <param name="Bytes">Bytes of the arguments.</param>
public sealed record CheckAdmission(string User, int Bytes) : IRequest<Result<Admission>>;

/// <summary>What would become of a submission now.</summary>
/// <param name="Refusal">Why it would be refused; null when it would be taken.</param>
public sealed record Admission(Error? Refusal);

internal sealed class CheckAdmissionValidator : AbstractValidator<CheckAdmission>
{
    public CheckAdmissionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Bytes).GreaterThanOrEqualTo(0).WithMessage("Arguments have 0 bytes or more.");
    }
}

internal sealed class CheckAdmissionHandler(QueueLoop loop) : IRequestHandler<CheckAdmission, Result<Admission>>
{
    public async Task<Result<Admission>> Handle(CheckAdmission request, CancellationToken cancellationToken)
    {
        var refusal = await loop.AskAsync<Admission>(
            (queue, reply, now) => reply.Reply(new Admission(queue.CheckAdmission(request.User, request.Bytes, now))),
            cancellationToken).ConfigureAwait(false);
        return refusal;
    }
}
