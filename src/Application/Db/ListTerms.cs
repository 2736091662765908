using FaaS.Application.Messaging;
using FaaS.Domain;
using FaaS.Domain.Users;
using FluentValidation;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>
/// What the queue must know about users: asked when it starts, and each minute. Only of users whose terms are not just
/// the defaults: with quotas of their own, or with a budget or stored bytes to count against.
/// </summary>
/// <param name="After">Exclusive; empty for the first page. Pages are in the order of the names' bytes.</param>
/// <param name="Max">At most this many, 1 to 500; a page may have fewer and say that there are more.</param>
public sealed record ListTerms(string After, int Max) : IRequest<Result<TermsPage>>;

/// <summary>A page of terms.</summary>
/// <param name="Defaults">The quotas of everybody who has none of their own.</param>
/// <param name="Terms">Users whose terms are not just the defaults.</param>
/// <param name="More">Whether there are users beyond the page.</param>
public sealed record TermsPage(Quotas Defaults, IReadOnlyList<UserTerms> Terms, bool More);

internal sealed class ListTermsValidator : AbstractValidator<ListTerms>
{
    private const int MaxRows = 500;

    public ListTermsValidator()
    {
        RuleFor(request => request.After).UserName().When(request => request.After.Length > 0);
        RuleFor(request => request.Max).InclusiveBetween(1, MaxRows).WithMessage($"A page has 1 to {MaxRows} users.");
    }
}

internal sealed class ListTermsHandler(TermsBook book) : IRequestHandler<ListTerms, Result<TermsPage>>
{
    /// <summary>With the longest names and numbers less than 256 KiB, the most that goes in one reply.</summary>
    public const int PageRows = 400;

    public async Task<Result<TermsPage>> Handle(ListTerms request, CancellationToken cancellationToken)
    {
        var list = await book.ListAsync(anew: request.After.Length == 0, cancellationToken).ConfigureAwait(false);
        if (!list.IsOk) return list.Error;
        var (terms, first) = (list.Value, FirstAfter(list.Value, request.After));
        var last = Math.Min(terms.Count, first + Math.Min(request.Max, PageRows));
        return new TermsPage(
            book.Defaults, [.. Enumerable.Range(first, last - first).Select(at => terms[at])], last < terms.Count);
    }

    private static int FirstAfter(IReadOnlyList<UserTerms> terms, string after)
    {
        var (low, high) = (0, terms.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(terms[middle].User, after) <= 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
