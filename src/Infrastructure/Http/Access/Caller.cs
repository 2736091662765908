using FaaS.Domain.Access;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>Who sent a request, and what they may do.</summary>
/// <param name="User">The user whose key it is; null for who may act for all of them.</param>
/// <param name="Generation">That user's generation.</param>
/// <param name="Function">The only function the key is for; null for all.</param>
/// <param name="Scopes">What the key allows.</param>
/// <param name="Key">The key's id; null of who may act for all of them.</param>
internal sealed record Caller(string? User, long Generation, string? Function, Scopes Scopes, string? Key = null)
{
    /// <summary>The holder of the admin key; and everybody, where no keys are needed.</summary>
    public static Caller Admin { get; } = new(null, 0, null, Scopes.Admin);

    /// <summary>The holder of the key for metrics, who may read those and do nothing else.</summary>
    public static Caller Scraper { get; } = new("", 0, null, Scopes.None);

    /// <summary>Whether it may do everything for everybody.</summary>
    public bool IsAdmin => User is null;
}

/// <summary>What a route needs of who calls it. A route that says nothing needs the admin key.</summary>
/// <param name="scope">The scope.</param>
internal sealed class Need(Scopes scope)
{
    public Scopes Scope => scope;

    /// <summary>The admin key.</summary>
    public static Need OfAdmin { get; } = new(Scopes.None);

    /// <summary>The admin key, or the one for metrics.</summary>
    public static Need OfMetrics { get; } = new(Scopes.None);

    /// <summary>Nothing: anybody may call it.</summary>
    public static Need Nothing { get; } = new(Scopes.None);

    /// <summary>Whether the audit log has those who are refused: an operator's routes, and an owner's.</summary>
    public bool IsAudited => ReferenceEquals(this, OfAdmin) || Scope == Scopes.Admin;

    /// <summary>What a route says; one that says nothing needs the admin key.</summary>
    public static Need Of(Microsoft.AspNetCore.Http.Endpoint route) => route.Metadata.GetMetadata<Need>() ?? OfAdmin;
}

internal static class NeedExtensions
{
    /// <summary>Says which scope of its user's keys a route needs.</summary>
    public static T Needs<T>(this T route, Scopes scope)
        where T : Microsoft.AspNetCore.Builder.IEndpointConventionBuilder
    {
        route.Add(endpoint => endpoint.Metadata.Add(new Need(scope)));
        return route;
    }

    /// <summary>Says that a route needs the admin key.</summary>
    public static T ForAdmin<T>(this T route)
        where T : Microsoft.AspNetCore.Builder.IEndpointConventionBuilder
    {
        route.Add(endpoint => endpoint.Metadata.Add(Need.OfAdmin));
        return route;
    }

    /// <summary>Says that a route needs the admin key or the one for metrics.</summary>
    public static T ForMetrics<T>(this T route)
        where T : Microsoft.AspNetCore.Builder.IEndpointConventionBuilder
    {
        route.Add(endpoint => endpoint.Metadata.Add(Need.OfMetrics));
        return route;
    }

    /// <summary>Says that a route needs no key at all.</summary>
    public static T ForAnybody<T>(this T route)
        where T : Microsoft.AspNetCore.Builder.IEndpointConventionBuilder
    {
        route.Add(endpoint => endpoint.Metadata.Add(Need.Nothing));
        return route;
    }
}
