using FaaS.Domain;
using FaaS.Domain.Users;
using MediatR;

namespace FaaS.Application.Db;

/// <summary>
/// What the queue must know about users: asked when it starts, and each minute. Only of users whose terms are not just
/// the defaults: with quotas of their own, or with a budget or stored bytes to count against.
/// </summary>
/// <param name="After">Exclusive; empty for the first page. Pages are in the order of the names' bytes.</param>
/// <param name="Max">At most this many, 1 to 500.</param>
public sealed record ListTerms(string After, int Max) : IRequest<Result<TermsPage>>;

/// <summary>A page of terms.</summary>
/// <param name="Defaults">The quotas of everybody who has none of their own.</param>
/// <param name="Terms">Users whose terms are not just the defaults.</param>
/// <param name="More">Whether there are users beyond the page.</param>
public sealed record TermsPage(Quotas Defaults, IReadOnlyList<UserTerms> Terms, bool More);
