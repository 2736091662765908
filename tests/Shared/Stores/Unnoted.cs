using FaaS.Application.Db;
using FaaS.Domain;

namespace FaaS.Tests.Shared.Stores;

/// <summary>Audited calls of tests that are not about the audit log: each with a note of its own.</summary>
public static class Unnoted
{
    /// <summary>A note that says nothing but the time.</summary>
    public static AuditNote Note(long atMs = 1) => new(Origin.Unknown(), atMs, "test", "somebody");

    public static Task<Result<UserRegistration>> RegisterAsync(
        this IUserStore users, string user, long nowMs, CancellationToken cancellation) =>
        users.RegisterAsync(user, null, Note(nowMs), cancellation);

    public static Task<Result<UserRegistration>> RegisterAsync(
        this IUserStore users, string user, NewKey? firstKey, long nowMs, CancellationToken cancellation) =>
        users.RegisterAsync(user, firstKey, Note(nowMs), cancellation);

    public static Task<Result<UserRegistration>> CloseAsync(
        this IUserStore users, string user, CancellationToken cancellation) => users.CloseAsync(user, Note(), cancellation);

    public static Task<Result<bool>> DeleteAsync(
        this IFunctionStore functions, string user, string function, CancellationToken cancellation) =>
        functions.DeleteAsync(user, function, Note(), cancellation);

    public static Task<Result<KeyRecord>> AddAsync(
        this IKeyStore keys, string user, NewKey key, int max, long nowMs, CancellationToken cancellation) =>
        keys.AddAsync(user, key, max, Note(nowMs), cancellation);

    public static Task<Result<bool>> RevokeAsync(
        this IKeyStore keys, string user, string id, CancellationToken cancellation) =>
        keys.RevokeAsync(user, id, Note(), cancellation);

    public static Task<Result<OwnQuotas>> ChangeAsync(
        this IQuotaStore quotas, string user, IReadOnlyList<QuotaChange> changes, CancellationToken cancellation) =>
        quotas.ChangeAsync(user, changes, Note(), cancellation);
}
