using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>CUE repeats the hosts' ports, variables and sections: neither may change without the other.</summary>
public sealed partial class HostsTests
{
    [Fact]
    public async Task Parts_AreTheHosts()
    {
        var cue = await Cue.NeedAsync();

        cue.Platform("small")["parts"]!.AsObject().Select(part => (string?)part.Value!["host"]).OfType<string>()
            .Should().BeEquivalentTo(Hosts.Parts);
    }

    [Fact]
    public async Task Parts_SayWhatTheirHostsSay()
    {
        foreach (var (host, part) in await PartsAsync())
            Hosts.Differences(part, host, Hosts.Program(host)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("Db", "\"PORT\", 27444", "\"PORT\", 27544", "listens PORT=27544 in code")]
    [InlineData("Db", "\"HEALTH_PORT\", 28444", "\"HEALTH_PORT\", 28544", "listens HEALTH_PORT=28444 in cue")]
    [InlineData("Frontend", "ListenForUsers(8080", "ListenForUsers(8081", "listens PORT=8081 in code")]
    [InlineData("Queue", "[\"DB_URL\"]", "[\"DBM_URL\"]", "reads DBM_URL in code")]
    [InlineData("Scaler", "[\"JQ_URL\"]", "[\"FAAS_QUEUE\"]", "reads FAAS_QUEUE in code")]
    [InlineData("Worker", "Activate<WorkerModule>", "Connect<WorkerModule>", "has the section Worker in cue")]
    public async Task Comparison_WhenAHostChanges_NamesIt(string host, string old, string @new, string expected)
    {
        var (_, part) = (await PartsAsync()).Single(part => part.Host == host);
        var program = Hosts.Program(host);
        program.Should().Contain(old);

        Hosts.Differences(part, host, program.Replace(old, @new, StringComparison.Ordinal))
            .Should().Contain(difference => difference.Contains(expected));
    }

    [Fact]
    public async Task TimeToStop_IsThatOfTheHosts()
    {
        var cue = await Cue.NeedAsync();
        var code = File.ReadAllText(Path.Combine(Repository.Root, "src/Hosts/Shared/FaasHost.cs"));

        var seconds = ShutdownTimeout().Match(code).Groups["seconds"].Value;

        cue.Platform("small")["shutdownSeconds"]!.ToString().Should().Be(seconds);
    }

    [Fact]
    public async Task Version_IsThatOfTheBuild()
    {
        var cue = await Cue.NeedAsync();
        var version = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;

        foreach (var (_, part) in await PartsAsync()) ((string)part["image"]!).Should().EndWith(":" + version);
        cue.Platform("small")["parts"]!["mongodb"]!["image"]!.ToString().Should().MatchRegex(@":\d+\.\d+\.\d+$");
    }

    private static async Task<IReadOnlyList<(string Host, JsonObject Part)>> PartsAsync()
    {
        var cue = await Cue.NeedAsync();
        return [.. cue.Platform("small")["parts"]!.AsObject().Select(part => part.Value!.AsObject())
            .Where(part => part["host"] is not null).Select(part => ((string)part["host"]!, part))];
    }

    [GeneratedRegex(@"ShutdownTimeout = TimeSpan\.FromSeconds\((?<seconds>\d+)\)")]
    private static partial Regex ShutdownTimeout();
}
