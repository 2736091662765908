using FaaS.Application.Worker;
using FaaS.Infrastructure.Http.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace FaaS.Infrastructure.Tests.Http.Access;

/// <summary>Every route says what it needs of who calls it: none is forgotten and left to the admin by accident.</summary>
public sealed class NeedTests
{
    [Fact]
    public async Task EveryRoute_SaysWhatItNeeds()
    {
        await using var host = await FrontendHost.StartAsync(new FakePlatform(), new SourceCheck(true, null, null, null));

        host.Endpoints.Should().HaveCountGreaterThan(20);
        Silent(host.Endpoints).Should().BeEmpty();
    }

    [Fact]
    public void Route_ThatSaysNothing_IsFound()
    {
        var silent = new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/new"), 0, EndpointMetadataCollection.Empty, "new");

        Silent([silent]).Should().Equal("new");
        Need.Of(silent).Should().BeSameAs(Need.OfAdmin, "what is forgotten is closed");
    }

    private static IEnumerable<string?> Silent(IEnumerable<Endpoint> endpoints) =>
        endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<Need>() is null).Select(endpoint => endpoint.DisplayName);
}
