using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Records that somebody was not let to what needs an operator's or an owner's rights. Repeating it is safe.</summary>
/// <param name="Refusals">1 to 100 refusals, in their order.</param>
public sealed record RecordRefusals(IReadOnlyList<AccessRefusal> Refusals) : IRequest<Result<RecordedRefusals>>;

/// <summary>A refusal.</summary>
/// <param name="By">Who was refused.</param>
/// <param name="AtMs">When, Unix ms, by the frontend's clock.</param>
/// <param name="Route">The route, as <c>PUT /u/{user}/quotas</c>.</param>
/// <param name="User">The user that the path names; empty for none.</param>
/// <param name="Code">Why, as the answer says it.</param>
/// <param name="Missed">Refusals like it that came just before and are not told of.</param>
public sealed record AccessRefusal(Origin By, long AtMs, string Route, string User, string Code, int Missed);

/// <summary>They are recorded.</summary>
/// <param name="New">How many of them were not in the log before.</param>
public sealed record RecordedRefusals(int New);

internal sealed class RecordRefusalsValidator : AbstractValidator<RecordRefusals>
{
    private const int CodeCharsMax = 64;

    public RecordRefusalsValidator()
    {
        RuleFor(request => request.Refusals.Count).InclusiveBetween(1, AuditLimits.RefusalsMax)
            .WithMessage($"Record 1 to {AuditLimits.RefusalsMax} refusals at a time.");
        RuleForEach(request => request.Refusals).NotNull().WithMessage("A refusal is missing.").ChildRules(refusal =>
        {
            refusal.RuleFor(row => row.By).Origin();
            refusal.RuleFor(row => row.User).Must(user => user.Length == 0 || Names.IsUser(user))
                .WithErrorCode(nameof(ErrorCode.InvalidName)).WithMessage($"The user's name must match {Names.UserPattern}.");
            refusal.RuleFor(row => row)
                .Must(row => row.Route.Length <= AuditLimits.RequestCharsMax && row.Code.Length <= CodeCharsMax)
                .WithErrorCode(nameof(ErrorCode.TooLarge))
                .WithMessage($"A route has at most {AuditLimits.RequestCharsMax} characters, a code {CodeCharsMax}.");
        });
    }
}

internal sealed class RecordRefusalsHandler(IAuditStore audit) : IRequestHandler<RecordRefusals, Result<RecordedRefusals>>
{
    public async Task<Result<RecordedRefusals>> Handle(RecordRefusals request, CancellationToken cancellationToken)
    {
        var added = await audit.AppendAsync(
            [
                .. request.Refusals.Select(refusal => new AuditRecord(
                    new AuditNote(refusal.By, refusal.AtMs, AuditActions.Access, refusal.User, refusal.Route),
                    AuditOutcomes.Refused, refusal.Code, refusal.Missed)),
            ],
            cancellationToken).ConfigureAwait(false);
        return added.IsOk ? new RecordedRefusals(added.Value) : added.Error;
    }
}
