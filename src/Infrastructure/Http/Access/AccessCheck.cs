using System.Security.Cryptography;
using FaaS.Application.Db;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>Lets a request to its route if who sent it may call it.</summary>
internal sealed class AccessCheck(RequestDelegate next, Gate gate, RefusalLog refusals)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (await gate.CheckAsync(http).ConfigureAwait(false) is not { } refusal)
        {
            await next(http).ConfigureAwait(false);
            return;
        }
        refusals.Note(http, refusal);
        if (refusal.Code == ErrorCode.Unauthorized) http.Response.Headers.WWWAuthenticate = "Bearer";
        await Answers.Fail(http, refusal).ConfigureAwait(false);
    }
}

/// <summary>
/// Says whether who sent a request may call its route. What isn't theirs does not exist for them: it is answered with the
/// words for what is not there, before anything else is said about it.
/// </summary>
internal sealed class Gate(AccessRules rules, KeyRing ring, KeyUses uses, JobOwners owners)
{
    private const string Scheme = "Bearer ";

    /// <summary>
    /// Null when it may. To be asked again by who has read a body: it may have taken minutes to come, and the key may
    /// have been revoked, or the user replaced, since its head was here.
    /// </summary>
    public ValueTask<Error?> CheckAsync(HttpContext http) => rules.IsOpen ? default : CheckKeyAsync(http);

    private async ValueTask<Error?> CheckKeyAsync(HttpContext http)
    {
        // What is no route of ours, a path that leads nowhere or a verb that does not fit, gives nothing away.
        if (http.GetEndpoint() is not RouteEndpoint route) return null;
        var need = Need.Of(route);
        if (ReferenceEquals(need, Need.Nothing)) return null;
        var caller = await FindCallerAsync(http.Request.Headers.Authorization, need).ConfigureAwait(false);
        if (!caller.IsOk) return caller.Error;
        http.Features.Set(caller.Value);
        return caller.Value.IsAdmin ? null : await CheckAsync(http, need, caller.Value).ConfigureAwait(false);
    }

    private async ValueTask<Result<Caller>> FindCallerAsync(string? header, Need need)
    {
        if (string.IsNullOrEmpty(header))
            return new Error(ErrorCode.Unauthorized, "A key is needed: Authorization: Bearer <key>.");
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new Error(ErrorCode.Unauthorized, "The Authorization header must be: Bearer <key>.");
        var text = header[Scheme.Length..].Trim();
        var hash = AuthOptions.HashOf(text);
        if (CryptographicOperations.FixedTimeEquals(hash, rules.AdminKeyHash)) return Caller.Admin;
        if (CryptographicOperations.FixedTimeEquals(hash, rules.MetricsKeyHash)) return Caller.Scraper;
        if (!ApiKey.TryParse(text, out var key))
            return new Error(ErrorCode.Unauthorized, "That is no key: it must be copied whole, from faas_ to its last letter.");
        // Who may make keys and replace users is asked about each time: what such a key does may outlive it.
        var found = await ring.FindAsync(key, isFresh: need.Scope == Scopes.Admin).ConfigureAwait(false);
        if (!found.IsOk) return found.Error;
        uses.Note(key.Id);
        return new Caller(
            found.Value.User, found.Value.Generation, found.Value.Key.Function, found.Value.Key.Scopes, key.Id);
    }

    private async ValueTask<Error?> CheckAsync(HttpContext http, Need need, Caller caller)
    {
        if (ReferenceEquals(caller, Caller.Scraper))
            return ReferenceEquals(need, Need.OfMetrics) ? null : new Error(ErrorCode.Forbidden, "The key is for /metrics only.");
        if (ReferenceEquals(need, Need.OfAdmin) || ReferenceEquals(need, Need.OfMetrics))
            return new Error(ErrorCode.Forbidden, "That needs the admin key.");
        var values = http.Request.RouteValues;
        if (values.GetValueOrDefault("user") is string user)
        {
            if (RouteNames.User(http).Error is { } malformed) return malformed;
            if (user != caller.User) return StoreErrors.NoUser(user);
            var function = values.GetValueOrDefault("fn") as string;
            if (caller.Function is not null && function is not null && function != caller.Function)
                return RouteNames.Function(http).Error ?? StoreErrors.NoFunction(user, function);
            if (caller.Function is not null && function is null)
                return new Error(ErrorCode.Forbidden, $"The key is for the function '{caller.Function}' only.");
        }
        else if (JobId.TryParse(values.GetValueOrDefault("id") as string, out var job))
        {
            var owner = await owners.FindAsync(job, http.RequestAborted).ConfigureAwait(false);
            if (!owner.IsOk) return owner.Error;
            // By generation: a name that was registered anew does not inherit what its last owner left.
            if (owner.Value.Generation != caller.Generation
                || (caller.Function ?? owner.Value.Function) != owner.Value.Function)
                return StoreErrors.NoJob(job);
            // Only of one's own jobs: that another's was asked for before must not be told by the time it takes.
            owners.Remember(job, owner.Value);
        }
        return caller.Scopes.Cover(need.Scope)
            ? null
            : new Error(ErrorCode.Forbidden, $"The key lacks the scope {string.Join(", ", need.Scope.Words())}.");
    }
}

/// <summary>What the host has made of its settings.</summary>
/// <param name="IsOpen">Whether nobody needs a key.</param>
/// <param name="AdminKeyHash">SHA-256 of the admin key; of no key at all where nobody needs one.</param>
/// <param name="MetricsKeyHash">SHA-256 of the key for metrics; of no key at all where there is none.</param>
internal sealed record AccessRules(bool IsOpen, byte[] AdminKeyHash, byte[] MetricsKeyHash);
