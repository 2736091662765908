using FaaS.Application.Db;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http.Access;

/// <summary>Says of a request who sent it and from where, for the audit log.</summary>
internal static class Origins
{
    /// <summary>The origin of an action; where no keys are needed, anyone's.</summary>
    public static Origin Of(HttpContext http) => Of(http, http.Features.Get<Caller>(), Origin.Anyone);

    /// <summary>The origin of a request that was refused.</summary>
    public static Origin OfRefused(HttpContext http) => Of(http, http.Features.Get<Caller>(), Origin.Nobody);

    private static Origin Of(HttpContext http, Caller? caller, string whoElse)
    {
        var actor = caller is null ? whoElse
            : caller.IsAdmin ? Origin.Admin
            : ReferenceEquals(caller, Caller.Scraper) ? Origin.Scraper
            : Origin.KeyHolder;
        var address = http.Connection.RemoteIpAddress;
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        return new Origin(
            Guid.NewGuid(), actor, caller?.Key, actor == Origin.KeyHolder ? caller?.User : null, address?.ToString(),
            http.Response.Headers["X-Request-Id"].ToString());
    }
}
