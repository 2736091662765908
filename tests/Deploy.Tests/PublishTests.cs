using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Net;

namespace FaaS.Deploy.Tests;

/// <summary>What the Dockerfile's publish stages run, run here, and what comes out of it, started.</summary>
public sealed class PublishTests
{
    private const string AdminKey = "the admin key of the publishes' test";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static bool AllAreWanted => Environment.GetEnvironmentVariable("FAAS_TEST_IMAGES") == "1";

    public static TheoryData<string> Targets => [.. Images.Targets.Keys];

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Published_Starts_IsFoundAlive_AndStops(string target)
    {
        // A publish compiles ahead of time for more than a minute, and the suite has ten.
        if (!AllAreWanted) Assert.Skip("publishes a host for a minute or more: FAAS_TEST_IMAGES=1 runs it");
        await Node.NeedAsync();
        var folder = await Images.PublishAsync(target);
        var data = Directory.CreateTempSubdirectory("faas-image-").FullName;
        var program = Path.Combine(folder, "FaaS.Hosts." + Images.Targets[target]);
        var setting = target is "dbmanager" or "jqmanager" ? "HEALTH_PORT" : "PORT";
        var ports = Ports(4);
        (string, string)[] environment =
        [
            ("DOTNET_ROOT", Images.DotnetRoot), ("FAAS_LOG", "json"), ("DOTNET_EnableDiagnostics", "0"),
            ("PORT", ports[1]), (setting, ports[0]), ("JQ_URL", $"tcp://127.0.0.1:{ports[2]}"),
            ("FAAS_ADMIN_KEY", AdminKey),
            ("DB_URL", target == "dbmanager" ? $"sqlite:{data}/faas.db" : $"tcp://127.0.0.1:{ports[3]}"),
        ];
        (await IsAliveAsync()).Should().BeFalse("nothing runs yet");

        await using var host = Running.Start(program, environment);

        await Eventually.HoldsAsync(IsAliveAsync, Patience);
        if (target is "worker" or "frontend") await Eventually.HoldsAsync(() => HasChildrenAsync(ports[0]), Patience);
        (await host.StopAsync()).Should().Be(0);
        Directory.Delete(data, recursive: true);

        async Task<bool> IsAliveAsync() =>
            (await Node.RunAsync(folder, program, ["health", setting, "1"], "", environment)).Code == 0;
    }

    /// <summary>
    /// Everything but the cluster: the environment that the manifests give, with names of services in place of this
    /// machine's, on the ports that they say, listening to others, each part with the key that it gets and no other.
    /// </summary>
    [Fact]
    public async Task Platform_WithTheEnvironmentOfTheManifests_RunsAFunction()
    {
        if (!AllAreWanted) Assert.Skip("publishes all five hosts: FAAS_TEST_IMAGES=1 runs it");
        if (!await Node.IsThereAsync("openssl", "version")) Assert.Skip("openssl is not on the PATH");
        var cue = await Cue.NeedAsync();
        var data = Directory.CreateTempSubdirectory("faas-image-").FullName;
        (await Node.RunAsync(data, Path.Combine(Repository.Root, "deploy", "cluster-keys"), [data])).Code.Should().Be(0);
        var machine = Dns.GetHostName();
        var running = new List<Running>();
        try
        {
            foreach (var target in (string[])["dbmanager", "jqmanager", "worker", "scaler", "frontend"])
            {
                var container = cue.Kubernetes("small", "inside")
                    .Single(item => (string)item["kind"]! == "Deployment" && (string)item["metadata"]!["name"]! == target)
                    ["spec"]!["template"]!["spec"]!["containers"]![0]!;
                var environment = container["env"]!.AsArray().Select(variable => ((string)variable!["name"]!, Value(variable)));
                running.Add(Running.Start(
                    Path.Combine(await Images.PublishAsync(target), "FaaS.Hosts." + Images.Targets[target]), environment));
            }
            using var client = new HttpClient { BaseAddress = new Uri($"http://{machine}:8080"), Timeout = Patience };
            client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(Path.Combine(data, "admin")));
            await Eventually.HoldsAsync(async () => await IsReadyAsync(client), Patience);
            await client.PostAsync(new Uri("/u/user1", UriKind.Relative), null);
            await client.PostAsync(new Uri("/u/user1/fn/add", UriKind.Relative), new StringContent("(a, b) => a + b"));
            using var run = new HttpRequestMessage(HttpMethod.Post, "/u/user1/fn/add/run") { Content = new StringContent("[4,7]") };
            run.Headers.Add("Prefer", "wait=20");
            using var answer = await client.SendAsync(run);
            (await answer.Content.ReadAsStringAsync()).Should().Contain("\"result\":\"11\"");
            running.Reverse();
            foreach (var part in running) (await part.StopAsync()).Should().Be(0);
        }
        finally
        {
            foreach (var part in running) await part.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }

        string Value(JsonNode variable) => variable["valueFrom"]?["fieldRef"] is not null ? "faas"
            : variable["valueFrom"]?["secretKeyRef"] is not { } secret
            ? ((string)variable["value"]!).Replace("//dbmanager:", $"//{machine}:", StringComparison.Ordinal)
                .Replace("//jqmanager:", $"//{machine}:", StringComparison.Ordinal)
            : (string)secret["name"]! == "faas-mongodb" ? $"sqlite:{data}/faas.db"
            : File.ReadAllText(Path.Combine(data, (string)secret["key"]!));
    }

    private static async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<bool> HasChildrenAsync(string port)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        var metrics = await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
        return metrics.Split('\n').Any(line =>
            line.StartsWith("faas_sandbox_spares", StringComparison.Ordinal) && line.Split(' ')[1] != "0");
    }

    private static string[] Ports(int count) =>
        [.. FreePorts.Take(count).Select(port => port.ToString(CultureInfo.InvariantCulture))];
}
