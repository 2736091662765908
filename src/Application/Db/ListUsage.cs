using FaaS.Application.Messaging;
using FaaS.Domain;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>A page of what a user's billed attempts used, summed: of the open generation, and so what its time is the sum of.</summary>
/// <param name="Query">What is asked for.</param>
public sealed record ListUsage(UsageQuery Query) : IRequest<Result<UsagePage>>;

/// <summary>Which part of the ledger, and how it is summed.</summary>
/// <param name="User">The owner's name.</param>
/// <param name="FirstDay">The first day, in days since 1970-01-01, UTC: that on which an attempt ended.</param>
/// <param name="LastDay">The last day.</param>
/// <param name="ByFunction">A sum for each function; else of all of them.</param>
/// <param name="ByDay">A sum for each day; else of all of them.</param>
/// <param name="After">The last key of the page before; null for the first page.</param>
public sealed record UsageQuery(
    string User, long FirstDay, long LastDay, bool ByFunction, bool ByDay, UsageKey? After = null)
{
    /// <summary>Sums of a page.</summary>
    public const int PageMax = 2_000;

    /// <summary>The last day of the year 9999.</summary>
    public const long DayMax = 2_932_896;
}

/// <summary>What a sum is of. The order of keys is that of days, then of the bytes of functions' names.</summary>
/// <param name="Day">The day, in days since 1970-01-01; 0 where days are summed.</param>
/// <param name="Function">The function's name; empty where functions are summed.</param>
public sealed record UsageKey(long Day, string Function);

/// <summary>What was used.</summary>
/// <param name="Key">By whom and when.</param>
/// <param name="Invocations">Billed attempts.</param>
/// <param name="Queued">How long they had waited.</param>
/// <param name="ColdStart">The part of the wall-clock time before the function could be called.</param>
/// <param name="Cpu">CPU time.</param>
/// <param name="Wall">Wall-clock time: what is billed.</param>
public sealed record UsageSum(
    UsageKey Key, long Invocations, TimeSpan Queued, TimeSpan ColdStart, TimeSpan Cpu, TimeSpan Wall);

/// <summary>A page of sums, in the order of their keys.</summary>
/// <param name="Generation">The user's open generation: pages of one list all have the same.</param>
/// <param name="Sums">The sums, at most <see cref="UsageQuery.PageMax"/>.</param>
/// <param name="More">Whether there are some beyond the page.</param>
public sealed record UsagePage(long Generation, IReadOnlyList<UsageSum> Sums, bool More);

internal sealed class ListUsageValidator : AbstractValidator<ListUsage>
{
    public ListUsageValidator()
    {
        RuleFor(request => request.Query).NotNull().WithMessage("The query is missing.").ChildRules(query =>
        {
            query.RuleFor(row => row.User).UserName();
            query.RuleFor(row => row).Must(row => 0 <= row.FirstDay && row.FirstDay <= row.LastDay && row.LastDay <= UsageQuery.DayMax)
                .WithMessage("The first day is not after the last one, and both are after 1970 and before the year 10000.");
            query.RuleFor(row => row.After).Must(after => after is null || (after.Day >= 0 && (after.Function is "" || Names.IsFunction(after.Function))))
                .WithMessage($"A key is a day after 1970 and a function's name, which matches {Names.FunctionPattern}.");
        });
    }
}

internal sealed class ListUsageHandler(IUsageStore usage) : IRequestHandler<ListUsage, Result<UsagePage>>
{
    public Task<Result<UsagePage>> Handle(ListUsage request, CancellationToken cancellationToken) =>
        usage.ListAsync(request.Query, cancellationToken);
}
