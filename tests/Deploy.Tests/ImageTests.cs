using System.Text.Json;
using System.Text.RegularExpressions;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>The Dockerfile. There is no engine here: it is read, and the commands that publish are run.</summary>
public sealed partial class ImageTests
{
    [Fact]
    public async Task Dockerfile_HasNothingAgainstIt() => (await Images.ReadAsync()).Problems.Should().BeEmpty();

    [Theory]
    [InlineData("FROM base AS worker", "FROM base AS frontend")]
    [InlineData("STOPSIGNAL SIGTERM", "STOPSIGNALS SIGTERM")]
    [InlineData("EXPOSE 28446", "EXPOSE worker")]
    public async Task Linter_WhenThereIsAMistake_NamesIt(string old, string @new)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Dockerfile"));
        text.Should().Contain(old);

        (await Images.ReadAsync(text.Replace(old, @new, StringComparison.Ordinal))).Problems.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Targets_AreTheParts_AndSayTheSamePorts()
    {
        var (images, cue) = (await Images.ReadAsync(), await Cue.NeedAsync());
        var parts = cue.Platform("small")["parts"]!.AsObject();

        Images.Targets.Keys.Should().BeEquivalentTo(parts.Where(part => part.Value!["host"] is not null).Select(part => part.Key));
        foreach (var (name, host) in Images.Targets)
        {
            var part = parts[name]!;
            var stage = images.Stages.Single(stage => stage.Name == name);
            ((string)part["host"]!).Should().Be(host);
            stage.Image.Should().Be("base");
            stage.Of("EXPOSE").Single().Split(' ').Should().BeEquivalentTo(
                new[] { part["serves"], part["health"] }.Where(port => port is not null).Select(port => port!["port"]!.ToString()).Distinct());
            JsonSerializer.Deserialize<string[]>(stage.Of("ENTRYPOINT").Single()).Should().Equal($"./FaaS.Hosts.{host}");
            var check = stage.Of("HEALTHCHECK").Single();
            JsonSerializer.Deserialize<string[]>(check[check.IndexOf('[', StringComparison.Ordinal)..]).Should().Equal(
                $"./FaaS.Hosts.{host}", "health", (string)part["health"]!["setting"]!, part["health"]!["port"]!.ToString());
            images.Stages.Single(stage => stage.Name == "publish-" + name).Of("RUN").Single().Should().Contain($"src/Hosts/{host} ");
        }
    }

    [Fact]
    public async Task Images_RunAsTheUserOfTheManifests_FromPinnedBases()
    {
        var (images, cue) = (await Images.ReadAsync(), await Cue.NeedAsync());
        var pod = cue.Kubernetes("small", "inside").First(item => (string)item["kind"]! == "Deployment")["spec"]!["template"]!["spec"]!;

        images.Stages.Single(stage => stage.Name == "base").Of("USER").Should()
            .Equal($"{pod["securityContext"]!["runAsUser"]}:{pod["securityContext"]!["runAsGroup"]}");
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Dockerfile"));
        var bases = Base().Matches(text).Select(match => match.Groups["image"].Value).ToList();
        bases.Should().HaveCount(3).And.OnlyContain(image => Pinned().IsMatch(image));
        // The SDK of the images is the one that the checkout asks for.
        var sdk = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "global.json")))
            .RootElement.GetProperty("sdk").GetProperty("version").GetString();
        bases[0].Should().Contain($":{sdk}-");
    }

    [Fact]
    public async Task ScalerOfKumori_IsTheScaler_AndMayWriteWhereItWorks()
    {
        var images = await Images.ReadAsync();
        var (ours, kumoris) = (images.Stages.Single(stage => stage.Name == "scaler"), images.Stages.Single(stage => stage.Name == "scaler-kumori"));

        foreach (var instruction in (string[])["EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "COPY"])
            kumoris.Of(instruction).Should().Equal(ours.Of(instruction));
        foreach (var instruction in (string[])["USER", "WORKDIR", "STOPSIGNAL"])
            kumoris.Of(instruction).Should().Equal(images.Stages.Single(stage => stage.Name == "base").Of(instruction));
        kumoris.Of("RUN").Single().Should().Contain("/usr/bin/script").And.EndWith("chown 1654:1654 /app");
    }

    [Fact]
    public async Task Script_BuildsEveryTarget()
    {
        var folder = Directory.CreateTempSubdirectory("faas-docker-").FullName;
        // Stands in for the engine: writes down what it is told.
        var engine = Path.Combine(folder, "engine");
        await File.WriteAllTextAsync(engine, "#!/bin/sh\necho \"$@\" >> \"$(dirname \"$0\")/told\"\n");
        (await Node.RunAsync(folder, "chmod", ["+x", engine])).Code.Should().Be(0);

        var said = await Node.RunAsync(
            folder, Path.Combine(Repository.Root, "build-images.sh"), ["hub.example/x", "1.2.3", "--push"], "", ("DOCKER", engine));

        said.Code.Should().Be(0, said.Error);
        var told = await File.ReadAllLinesAsync(Path.Combine(folder, "told"));
        foreach (var target in Images.Targets.Keys)
        {
            told.Should().Contain($"build --target {target} --tag hub.example/x/faas-{target}:1.2.3 .");
            told.Should().Contain($"push hub.example/x/faas-{target}:1.2.3");
        }
        Directory.Delete(folder, recursive: true);
    }

    [GeneratedRegex(@"^ARG \w+=(?<image>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Base();

    [GeneratedRegex(@":\d+\.\d+\.\d+-|@sha256:[0-9a-f]{64}$")]
    private static partial Regex Pinned();
}
