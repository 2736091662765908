using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>Makes an older version of a function, or again a newer one, current. Repeating it changes nothing.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="Function">The function's name.</param>
/// <param name="Number">The version's number, from 1.</param>
/// <param name="By">Who asks for it, for the audit log.</param>
public sealed record RollbackFunction(string User, string Function, int Number, Origin? By = null)
    : IRequest<Result<RegisteredFunction>>;

internal sealed class RollbackFunctionValidator : AbstractValidator<RollbackFunction>
{
    public RollbackFunctionValidator()
    {
        RuleFor(request => request.User).UserName();
        RuleFor(request => request.Function).FunctionName();
        RuleFor(request => request.Number).GreaterThanOrEqualTo(1).WithMessage("A version's number is 1 or more.");
        RuleFor(request => request.By).Origin();
    }
}

internal sealed class RollbackFunctionHandler(
    IVersionStore versions, IQuotaStore quotas, TermsBook book, ActionRates rates, TimeProvider time)
    : IRequestHandler<RollbackFunction, Result<RegisteredFunction>>
{
    public async Task<Result<RegisteredFunction>> Handle(RollbackFunction request, CancellationToken cancellationToken)
    {
        if (rates.Take(request.By) is { } refusal) return refusal;
        var own = await quotas.FindAsync(request.User, cancellationToken).ConfigureAwait(false);
        if (!own.IsOk) return own.Error;
        var note = AuditNote.Of(
            request.By, time, AuditActions.RollbackFunction, request.User, request.Function, AuditTexts.Version(request.Number));
        var changed = await versions.RollbackAsync(
            request.User, request.Function, request.Number, FunctionBounds.Of(own.Value.Overrides.Over(book.Defaults)), note,
            cancellationToken).ConfigureAwait(false);
        return changed.IsOk ? new RegisteredFunction(request.Number) : changed.Error;
    }
}
