using FaaS.Domain;
using FaaS.Domain.Jobs;
using Microsoft.AspNetCore.Http;

namespace FaaS.Infrastructure.Http;

/// <summary>Reads and checks what stands in the path.</summary>
internal static class RouteNames
{
    public static Result<string> User(HttpContext http)
    {
        var name = http.Request.RouteValues["user"] as string ?? "";
        return Names.IsUser(name)
            ? name
            : new Error(ErrorCode.InvalidName, $"The user's name must match {Names.UserPattern}.");
    }

    public static Result<string> Function(HttpContext http)
    {
        var name = http.Request.RouteValues["fn"] as string ?? "";
        return Names.IsFunction(name)
            ? name
            : new Error(ErrorCode.InvalidName, $"The function's name must match {Names.FunctionPattern}.");
    }

    public static Result<JobId> Job(HttpContext http) =>
        JobId.TryParse(http.Request.RouteValues["id"] as string, out var id)
            ? id
            : new Error(ErrorCode.InvalidName, $"A job's id must match {Names.JobPattern}.");
}
