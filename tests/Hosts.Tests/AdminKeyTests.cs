using System.Net;
using System.Security.Cryptography;
using System.Text;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>The admin key that Dev makes where callers need keys and it was given none.</summary>
public sealed class AdminKeyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Key_IsShownOnceAndGoodUntilItsFileIsDeleted()
    {
        await using var dev = new DevDeployment([], ("Auth__Mode", "keys"));
        var file = Path.Combine(dev.DataFolder, "admin-key");
        await dev.StartAsync();
        var key = Shown(dev).Single();
        (await AskAsync(dev, key)).Should().Be(HttpStatusCode.OK);
        (await AskAsync(dev, key[..^1] + (key[^1] == 'a' ? 'b' : 'a'))).Should().Be(HttpStatusCode.Unauthorized);
        (await File.ReadAllTextAsync(file)).Trim().Should().Be(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))), "of the key itself nothing is kept");

        await dev.StopAsync(Patience);
        await dev.StartAsync();
        Shown(dev).Should().Equal([key], "it is not shown again");
        (await AskAsync(dev, key)).Should().Be(HttpStatusCode.OK);

        await dev.StopAsync(Patience);
        File.Delete(file);
        await dev.StartAsync();
        var next = Shown(dev)[^1];
        next.Should().NotBe(key);
        (await AskAsync(dev, next)).Should().Be(HttpStatusCode.OK);
        (await AskAsync(dev, key)).Should().Be(HttpStatusCode.Unauthorized);

        await dev.StopAsync(Patience);
        await File.WriteAllTextAsync(file, "damaged");
        dev.Host.Start();
        (await dev.Host.ExitAsync(Patience)).Should().Be(1);
        dev.Log.Should().Contain("Cannot start: ").And.Contain("is damaged; delete it");
    }

    private static List<string> Shown(DevDeployment dev) =>
    [
        .. dev.Log.Split('\n').Where(line => line.StartsWith("The admin key", StringComparison.Ordinal))
            .Select(line => line[(line.LastIndexOf(' ') + 1)..].Trim()),
    ];

    private static async Task<HttpStatusCode> AskAsync(DevDeployment dev, string key)
    {
        using var client = new FaasClient(dev) { Key = key };
        return (await client.GetAsync("/autoscaler/decisions")).Status;
    }
}
