using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using FaaS.Tests.Shared;

namespace FaaS.Deploy.Tests;

/// <summary>What is shipped for plain machines: units, their settings, and the script that makes keys.</summary>
public sealed partial class SystemdTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "deploy", "systemd");

    public static TheoryData<string> Parts => [.. Images.Targets.Keys];

    [Fact]
    public void Units_AreThoseOfTheParts() =>
        Directory.EnumerateFiles(Folder, "*.service").Select(Path.GetFileName)
            .Should().BeEquivalentTo(Images.Targets.Keys.Select(part => $"faas-{part}.service"));

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task Unit_NamesTheBinary_AndStopsInTime(string part)
    {
        var cue = await Cue.NeedAsync();
        var unit = Read($"faas-{part}.service");

        unit["ExecStart"].Should().Equal($"/opt/faas/{part}/FaaS.Hosts.{Images.Targets[part]}");
        unit["EnvironmentFile"].Should().Equal("/etc/faas/faas.env", $"-/etc/faas/{part}.env");
        int.Parse(unit["TimeoutStopSec"].Single(), null).Should().Be(cue.Platform("small")["graceSeconds"]!.GetValue<int>());
        unit["User"].Should().Equal("faas");
        unit["PartOf"].Should().Equal("faas.target");
        unit["WantedBy"].Should().Equal("faas.target");
    }

    [Fact]
    public async Task Variables_AreRead()
    {
        var cue = await Cue.NeedAsync();
        var read = cue.Platform("small")["parts"]!.AsObject()
            .ToDictionary(part => part.Key, part => part.Value!["variables"]!.AsObject().Select(variable => variable.Key).ToList());

        foreach (var part in Images.Targets.Keys)
        {
            Read($"faas-{part}.service")["Environment"].Select(line => line.Split('=')[0]).Should().BeSubsetOf(read[part]);
            var example = Path.Combine(Folder, $"{part}.env.example");
            if (File.Exists(example)) Variables(example).Should().BeSubsetOf(read[part]);
        }
        Variables(Path.Combine(Folder, "faas.env.example")).Should().BeSubsetOf(read.Values.SelectMany(names => names));
    }

    [Fact]
    public async Task Units_AreWhatSystemdTakes()
    {
        if (!await Node.IsThereAsync("systemd-analyze", "--version")) Assert.Skip("systemd-analyze is not on the PATH");

        var said = await Node.RunAsync(Folder, "systemd-analyze",
            ["verify", .. Directory.EnumerateFiles(Folder).Where(file => Path.GetExtension(file) is ".service" or ".target")]);

        // Here nothing is installed, so that is all it may find.
        said.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Contains("faas", StringComparison.Ordinal))
            .Should().OnlyContain(line => line.Contains("is not executable: No such file", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_AreThoseThatTheHostsDerive()
    {
        if (!await Node.IsThereAsync("openssl", "version")) Assert.Skip("openssl is not on the PATH");
        var folder = Directory.CreateTempSubdirectory("faas-keys-").FullName;

        var said = await Node.RunAsync(folder, Path.Combine(Repository.Root, "deploy", "cluster-keys"), [folder]);

        said.Code.Should().Be(0, said.Error);
        var secret = await File.ReadAllTextAsync(Path.Combine(folder, "secret"));
        secret.Should().MatchRegex("^[0-9a-f]{64}$");
        foreach (var role in (string[])["frontend", "worker", "scaler"])
            (await File.ReadAllTextAsync(Path.Combine(folder, role))).Should().Be(Convert.ToHexStringLower(HKDF.DeriveKey(
                HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), 32, [], Encoding.UTF8.GetBytes($"faas/role/{role}/1"))));
        Directory.Delete(folder, recursive: true);
    }

    private static ILookup<string, string> Read(string unit) => File.ReadAllLines(Path.Combine(Folder, unit))
        .Select(line => Setting().Match(line)).Where(match => match.Success)
        .ToLookup(match => match.Groups["name"].Value, match => match.Groups["value"].Value);

    /// <summary>Variables of an example, those that are commented out included.</summary>
    private static IEnumerable<string> Variables(string file) => File.ReadAllLines(file)
        .Select(line => Variable().Match(line)).Where(match => match.Success).Select(match => match.Groups["name"].Value);

    [GeneratedRegex("^(?<name>[A-Za-z]+)=(?<value>.*)$")]
    private static partial Regex Setting();

    [GeneratedRegex("^#?(?<name>[A-Za-z_]+)=")]
    private static partial Regex Variable();
}
