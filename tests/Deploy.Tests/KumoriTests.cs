using System.Text.Json.Nodes;
using FaaS.Infrastructure.Fleet.Kumori;
using FaaS.Infrastructure.Mongo;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>What is deployed on Kumori: the names that are there already stay as they are.</summary>
public sealed class KumoriTests
{
    public static TheoryData<string> Sizes => [.. Cue.Sizes.Keys];

    [Theory]
    [InlineData("mongodb", "tcp", "", "", "")]
    [InlineData("dbmanager", "tcp", "mongodbclient", "dburl", "DB_URL PORT")]
    [InlineData("jqmanager", "tcp", "dbclient", "dburl dbport", "DB_URL PORT")]
    [InlineData("frontend", "http", "jqclient dbclient", "dburl dbport jqurl jqport", "DB_URL JQ_URL PORT")]
    [InlineData("worker", "", "jqclient dbclient", "dburl dbport jqurl jqport", "DB_URL JQ_URL")]
    [InlineData("scaler", "", "jqclient", "jqurl jqport", "JQ_URL")]
    public async Task Role_HasItsChannelsParametersAndVariables(
        string role, string protocol, string clients, string parameters, string variables)
    {
        var cue = await Cue.NeedAsync();
        var component = Roles(cue, "small")[role]!["artifact"]!["description"]!;

        ((string?)component["srv"]!["server"]!["entrypoint"]?["protocol"] ?? "").Should().Be(protocol);
        Keys(component["srv"]!["client"]!).Should().BeEquivalentTo(Words(clients));
        Keys(component["config"]!["parameter"]!).Should().BeEquivalentTo(Words(parameters));
        Words(variables).Should().BeSubsetOf(Keys(component["code"]![role]!["mapping"]!["env"]!));
    }

    [Fact]
    public async Task Channels_AreHostsOnPort80()
    {
        var cue = await Cue.NeedAsync();
        var environment = Roles(cue, "small")["frontend"]!["artifact"]!["description"]!["code"]!["frontend"]!["mapping"]!["env"]!;

        ((string)environment["DB_URL"]!["value"]!).Should().Be("tcp://0.dbclient:80");
        ((string)environment["JQ_URL"]!["value"]!).Should().Be("tcp://0.jqclient:80");
        var store = (string)Roles(cue, "small")["dbmanager"]!["config"]!["parameter"]!["dburl"]!;
        store.Should().Be("mongodb://0.mongodbclient:80");
        // They look like addresses and are none, and our programs take them for what they are.
        NetMqAddress.Parse("tcp://0.dbclient:80").Host.Should().Be("0.dbclient");
        MongoOptions.Check(store).Should().Be(store);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Workers_AreAsManyAsTheVariableSays(string size)
    {
        var cue = await Cue.NeedAsync();
        var roles = cue.Kumori(size)["config"]!["scale"]!["detail"]!;

        roles["worker"]!["hsize"]!.GetValue<int>().Should().Be(Cue.Sizes[size]);
        foreach (var single in (string[])["mongodb", "dbmanager", "jqmanager", "scaler"])
            roles[single]!["hsize"]!.GetValue<int>().Should().Be(1);
    }

    [Fact]
    public void NumberOfWorkers_IsAFileOfItsOwn()
    {
        // The scaler writes it as a whole, so nothing else may be in it.
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "cue/variables/num_workers/num_workers.cue"))
            .Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal));

        lines.Should().Equal("package num_workers", "#NUM_WORKERS: 1");
    }

    [Fact]
    public async Task Scaler_UsesTheTool_AndFindsTheModuleByItsDefaults()
    {
        var cue = await Cue.NeedAsync();
        var code = Roles(cue, "small")["scaler"]!["artifact"]!["description"]!["code"]!["scaler"]!;
        var options = new KumoriFleetOptions();
        var module = Path.Combine(Repository.Root, options.Directory);

        ((string)code["mapping"]!["env"]!["Fleet__Kind"]!["value"]!).Should().Be("Kumori");
        ((string)code["image"]!["tag"]!).Should().Contain("/faas-scaler-kumori:");
        foreach (var (role, described) in Roles(cue, "small").Where(role => role.Key != "scaler"))
            described!.ToJsonString().Should().NotContain("Fleet__").And.NotContain("-kumori", role);
        File.Exists(Path.Combine(module, options.Variable)).Should().BeTrue();
        Directory.Exists(Path.Combine(module, options.Manifests)).Should().BeTrue();
        ((string)cue.Kumori("small")["name"]!).Should().Be(options.Deployment);
        Keys(cue.Kumori("small")["config"]!["scale"]!["detail"]!).Should().Contain(options.Role);
    }

    [Fact]
    public async Task Service_OffersOneHttpChannel_AndEveryConnectorEndsSomewhere()
    {
        var cue = await Cue.NeedAsync();
        var service = cue.Kumori("small")["artifact"]!["description"]!;

        service["srv"]!["server"]!.ToJsonString().Should().Be("""{"service":{"protocol":"http","port":80}}""");
        service["connect"]!.AsObject().Should().HaveCount(8);
        foreach (var (name, connector) in service["connect"]!.AsObject())
        {
            var (from, channel) = connector!["from"]!.AsObject().Single();
            if (from != "self") Keys(Roles(cue, "small")[from]!["artifact"]!["description"]!["srv"]!["client"]!).Should().Contain((string)channel!);
            var (to, server) = connector["to"]!.AsObject().Single();
            Keys(Roles(cue, "small")[to]!["artifact"]!["description"]!["srv"]!["server"]!).Should().Contain(Keys(server!).Single(), name);
        }
    }

    [Fact]
    public async Task Secrets_AreResources()
    {
        var cue = await Cue.NeedAsync();

        foreach (var (role, described) in Roles(cue, "small"))
        {
            var component = described!["artifact"]!["description"]!;
            foreach (var (_, source) in component["code"]![role]!["mapping"]!["env"]!.AsObject().Where(variable =>
                variable.Key is "FAAS_CLUSTER_SECRET" or "FAAS_ROLE_KEY"))
                component["config"]!["resource"]![(string)source!["secret"]!]!["secret"]!.ToString().Should().StartWith("faas");
        }
    }

    private static JsonObject Roles(Cue cue, string size) =>
        cue.Kumori(size)["artifact"]!["description"]!["role"]!.AsObject();

    private static IEnumerable<string> Keys(JsonNode node) => node.AsObject().Select(field => field.Key);

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
