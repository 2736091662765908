using System.Security.Cryptography;
using FaaS.Domain;
using FaaS.Domain.Access;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>
/// Lets a request to its route if who sent it may call it. What isn't theirs does not exist for them: it is answered with
/// the words for what is not there, before anything else is said about it.
/// </summary>
internal sealed class AccessCheck(
    RequestDelegate next, AccessRules rules, KeyRing ring, KeyUses uses, JobOwners owners)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext http)
    {
        var refusal = rules.IsOpen ? null : await CheckAsync(http).ConfigureAwait(false);
        if (refusal is null)
        {
            await next(http).ConfigureAwait(false);
            return;
        }
        if (refusal.Code == ErrorCode.Unauthorized) http.Response.Headers.WWWAuthenticate = "Bearer";
        await Answers.Fail(http, refusal).ConfigureAwait(false);
    }

    private async ValueTask<Error?> CheckAsync(HttpContext http)
    {
        // What is no route of ours, a path that leads nowhere or a verb that does not fit, gives nothing away.
        if (http.GetEndpoint() is not RouteEndpoint route) return null;
        var need = route.Metadata.GetMetadata<Need>() ?? Need.OfAdmin;
        if (ReferenceEquals(need, Need.Nothing)) return null;
        var caller = await FindCallerAsync(http.Request.Headers.Authorization).ConfigureAwait(false);
        if (!caller.IsOk) return caller.Error;
        return caller.Value.IsAdmin ? null : await CheckAsync(http, need, caller.Value).ConfigureAwait(false);
    }

    private async ValueTask<Result<Caller>> FindCallerAsync(string? header)
    {
        if (string.IsNullOrEmpty(header))
            return new Error(ErrorCode.Unauthorized, "A key is needed: Authorization: Bearer <key>.");
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return new Error(ErrorCode.Unauthorized, "The Authorization header must be: Bearer <key>.");
        var text = header[Scheme.Length..].Trim();
        if (CryptographicOperations.FixedTimeEquals(AuthOptions.HashOf(text), rules.AdminKeyHash)) return Caller.Admin;
        if (!ApiKey.TryParse(text, out var key))
            return new Error(ErrorCode.Unauthorized, "That is no key: it must be copied whole, from faas_ to its last letter.");
        var found = await ring.FindAsync(key).ConfigureAwait(false);
        if (!found.IsOk) return found.Error;
        uses.Note(key.Id);
        return new Caller(found.Value.User, found.Value.Key.Function, found.Value.Key.Scopes);
    }

    private async ValueTask<Error?> CheckAsync(HttpContext http, Need need, Caller caller)
    {
        var values = http.Request.RouteValues;
        if (values.GetValueOrDefault("user") is string user)
        {
            if (user != caller.User) return Missing.User(user);
            var function = values.GetValueOrDefault("fn") as string;
            if (caller.Function is not null && function is not null && function != caller.Function)
                return Missing.Function(user, function);
            if (caller.Function is not null && function is null)
                return new Error(ErrorCode.Forbidden, $"The key is for the function '{caller.Function}' only.");
        }
        else if (JobId.TryParse(values.GetValueOrDefault("id") as string, out var job))
        {
            var owner = await owners.FindAsync(job, http.RequestAborted).ConfigureAwait(false);
            if (!owner.IsOk) return owner.Error;
            if (owner.Value.User != caller.User || (caller.Function ?? owner.Value.Function) != owner.Value.Function)
                return Missing.Job(job);
        }
        else if (!values.ContainsKey("id"))
        {
            return new Error(ErrorCode.Forbidden, "That needs the admin key.");
        }
        return caller.Scopes.Cover(need.Scope)
            ? null
            : new Error(ErrorCode.Forbidden, $"The key lacks the scope {string.Join(", ", need.Scope.Words())}.");
    }
}

/// <summary>What the host has made of its settings.</summary>
/// <param name="IsOpen">Whether nobody needs a key.</param>
/// <param name="AdminKeyHash">SHA-256 of the admin key; of no key at all where nobody needs one.</param>
internal sealed record AccessRules(bool IsOpen, byte[] AdminKeyHash);

/// <summary>The store's words for what is not there.</summary>
internal static class Missing
{
    public static Error User(string user) => Names.IsUser(user)
        ? new(ErrorCode.UserNotFound, $"There is no user '{user}'; register it with POST /u/{user}.")
        : new(ErrorCode.InvalidName, $"The user's name must match {Names.UserPattern}.");

    public static Error Function(string user, string function) => Names.IsFunction(function)
        ? new(ErrorCode.FunctionNotFound,
            $"The user '{user}' has no function '{function}'; register it with POST /u/{user}/fn/{function}.")
        : new(ErrorCode.InvalidName, $"The function's name must match {Names.FunctionPattern}.");

    public static Error Job(JobId id) => new(
        ErrorCode.JobNotFound, $"There is no job '{id}'; it may have been deleted, or its time was over.");
}
