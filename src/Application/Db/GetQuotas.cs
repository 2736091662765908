using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Users;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>
/// A user's quotas, and what is used of them. What was set for a name is told whether or not a user has it.
/// </summary>
/// <param name="User">The user's name.</param>
public sealed record GetQuotas(string User) : IRequest<Result<UserQuotas>>;

/// <summary>A user's quotas.</summary>
/// <param name="Revision">Grows with each change of what is set for the user; 0 while nothing was.</param>
/// <param name="Quotas">What is in force.</param>
/// <param name="Overrides">What of it is set for the user.</param>
/// <param name="Used">What is used.</param>
public sealed record UserQuotas(long Revision, Quotas Quotas, QuotaOverrides Overrides, QuotaUsage Used);

/// <summary>What is used, as the store has it.</summary>
/// <param name="Functions">Functions.</param>
/// <param name="SourceBytes">Bytes of their current versions' sources.</param>
/// <param name="StoredBytes">Bytes of arguments, results and logs, as they were counted at most a minute ago.</param>
/// <param name="DayUs">Executed time of today, UTC, in microseconds, whatever generation of the name it was.</param>
/// <param name="MonthUs">The same of this month.</param>
public sealed record QuotaUsage(int Functions, long SourceBytes, long StoredBytes, long DayUs, long MonthUs);

internal sealed class GetQuotasValidator : AbstractValidator<GetQuotas>
{
    public GetQuotasValidator() => RuleFor(request => request.User).UserName();
}

internal sealed class GetQuotasHandler(IQuotaStore quotas, IUsageStore usage, TermsBook book)
    : IRequestHandler<GetQuotas, Result<UserQuotas>>
{
    public async Task<Result<UserQuotas>> Handle(GetQuotas request, CancellationToken cancellationToken)
    {
        var own = await quotas.FindAsync(request.User, cancellationToken).ConfigureAwait(false);
        if (!own.IsOk) return own.Error;
        var holds = await usage.SumFunctionsAsync(request.User, cancellationToken).ConfigureAwait(false);
        var isKept = own.Value.Revision > 0 && holds.Error?.Code == ErrorCode.UserNotFound;
        if (!holds.IsOk && !isKept) return holds.Error;
        var functions = isKept ? default : holds.Value;
        var executed = await usage.SumTimeAsync(request.User, book.Today, cancellationToken).ConfigureAwait(false);
        if (!executed.IsOk) return executed.Error;
        var stored = await book.SumStoredBytesAsync(cancellationToken).ConfigureAwait(false);
        if (!stored.IsOk) return stored.Error;
        return new UserQuotas(
            own.Value.Revision, own.Value.Overrides.Over(book.Defaults), own.Value.Overrides,
            new QuotaUsage(
                functions.Functions, functions.SourceBytes, stored.Value.GetValueOrDefault(request.User),
                executed.Value.DayUs, executed.Value.MonthUs));
    }
}
