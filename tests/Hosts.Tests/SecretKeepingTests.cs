using System.Text;
using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>A secret outlives a kill, and is in no file and no log.</summary>
public sealed class SecretKeepingTests
{
    private const string Value = "hunter22-of-the-kill";

    [Fact]
    public async Task Kill_AfterAPut_LosesNothing_AndNoFileHasTheSecret()
    {
        await using var platform = Deploy.New();
        await platform.StartAsync();
        using var client = new FaasClient(platform);
        await client.RegisterAsync("ann", "f", "() => { console.log(env.S); return env.PLAIN + env.S.length }");

        (await client.PutAsync("/u/ann/fn/f/config", $$$"""{"env": {"PLAIN": "in-the-clear"}, "secrets": {"S": "{{{Value}}}"}}"""))
            .Error.Should().BeFalse();
        await platform.KillAsync();
        await platform.StartAsync();

        (await client.RunAsync("ann", "f", "[]")).Json.GetProperty("result").GetString().Should().Be($"in-the-clear{Value.Length}");
        (await client.GetAsync("/audit?user=ann&action=config.set")).Body.Should().Contain("\"S\"").And.NotContain(Value);
        var files = Directory.EnumerateFiles(platform.DataFolder, "*", SearchOption.AllDirectories)
            // Others cannot open the file that the store holds locked; it is empty.
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).ToList();
        files.Where(file => Has(file, "in-the-clear")).Should().NotBeEmpty("that is how a file with the secret would be found");
        files.Where(file => Has(file, Value)).Should().BeEmpty();
        platform.Log.Should().NotContain(Value);
        if (OperatingSystem.IsWindows()) return;
        foreach (var key in files.Where(file => Path.GetFileName(file) == "secret-key"))
            File.GetUnixFileMode(key).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static bool Has(string file, string text)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
    }
}
