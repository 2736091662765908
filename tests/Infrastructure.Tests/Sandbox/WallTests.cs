using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using FaaS.Application.Messaging;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox;
using FaaS.Infrastructure.Sandbox.Walls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>One pool of probes: they shut themselves in as the real child does, and try what they are told.</summary>
public sealed class ProbeFixture : IAsyncLifetime
{
    public static readonly string ProbePath = Path.Combine(AppContext.BaseDirectory, "FaaS.Tests.EvilChild.dll");

    public SandboxPool Pool { get; } =
        SandboxFixture.NewPool(new SandboxOptions { Slots = 1, Warm = 1, Spares = 0, ChildPath = ProbePath });

    public async ValueTask InitializeAsync()
    {
        Pool.Start();
        await SandboxFixture.Eventually(() => Pool.Walls is not null, "a probe is ready");
    }

    public ValueTask DisposeAsync() => Pool.DisposeAsync();

    /// <summary>What came of an act, from inside; skips the test where the wall in question does not stand here.</summary>
    public async Task<string> TryAsync(string act, Wall wall)
    {
        if (Pool.Walls!.Missing.TryGetValue(wall, out string? why)) Assert.Skip($"{wall}: {why}");
        AttemptResult result = await Pool.RunAsync(SandboxFixture.Call($"() => 'evil:try {act}'"), CancellationToken.None);
        result.Outcome.Should().Be(Outcome.Success, result.Error?.Message ?? "");
        return Encoding.UTF8.GetString(result.Value);
    }
}

/// <summary>Each wall around a child, tried from inside.</summary>
[Collection(SandboxCollection.Name)]
public sealed class WallTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    [Theory]
    [InlineData("tcp socket")]
    [InlineData("udp socket")]
    [InlineData("unix socket")]
    [InlineData("netlink socket")]
    [InlineData("read a file")]
    [InlineData("list a folder")]
    [InlineData("read the parent environment")]
    [InlineData("read the parent command line")]
    [InlineData("write a file")]
    [InlineData("write here")]
    [InlineData("spawn a process")]
    [InlineData("execute")]
    [InlineData("kill the parent")]
    [InlineData("become root")]
    [InlineData("leave the namespaces")]
    public async Task SystemCalls_ThatReachOutOfTheProcess_AreRefused(string act) =>
        (await probe.TryAsync(act, Wall.SystemCalls)).Should().StartWith("refused: ");

    [Theory]
    [InlineData("fork")]
    [InlineData("trace the parent")]
    [InlineData("read the parent memory")]
    [InlineData("make a ring")]
    [InlineData("load a program into the kernel")]
    [InlineData("make a hidden file")]
    [InlineData("mount")]
    [InlineData("open by a ring of the old interface")]
    public async Task SystemCalls_ByTheirNumbers_AreRefused(string act)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64) Assert.Skip("The numbers are those of x64.");
        (await probe.TryAsync(act, Wall.SystemCalls)).Should().StartWith("refused: ");
    }

    [Fact]
    public async Task Environment_HasNothingButTheSettingsOfDotNet() =>
        (await probe.TryAsync("read the environment", Wall.Environment)).Should().MatchRegex(@"^done: (DOTNET_\w+ ?)+$");

    [Fact]
    public async Task User_IsNobodyElses()
    {
        string who = await probe.TryAsync("who", Wall.User);

        int.Parse(who["done: ".Length..]).Should().BeGreaterThan(60_000);
    }

    [Fact]
    public async Task Network_IsANamespaceOfItsOwn()
    {
        await probe.TryAsync("who", Wall.Network);

        string Namespace(int process) => new FileInfo($"/proc/{process}/ns/net").LinkTarget!;
        foreach (int child in Children()) Namespace(child).Should().NotBe(Namespace(Environment.ProcessId));
    }

    [Fact]
    public async Task Cgroup_IsOfTheChildAlone_AndBoundsItsThreads()
    {
        string threads = await probe.TryAsync("make threads without end", Wall.Cgroup);
        foreach (int child in Children()) File.ReadAllText($"/proc/{child}/cgroup").Should().Contain($"/faas-{Environment.ProcessId}-{child}");

        threads.Should().StartWith("refused: ");
    }

    [Fact]
    public async Task ProbeWithoutWalls_CanDoWhatIsTried()
    {
        // Each of these is refused above; that it works here is what shows that the walls refuse it.
        string[] acts = ["tcp socket", "udp socket", "unix socket", "read a file", "list a folder", "read the parent command line", "write a file", "spawn a process"];
        string script = Path.Combine(Path.GetTempPath(), $"faas-open-{Environment.ProcessId}");
        await using SandboxPool pool = OpenPool(script, new SandboxOptions { Slots = 1, Warm = 1, Spares = 0 });

        foreach (string act in acts)
        {
            AttemptResult result = await pool.RunAsync(SandboxFixture.Call($"() => 'evil:try {act}'"), CancellationToken.None);
            Encoding.UTF8.GetString(result.Value).Should().StartWith("done: ", act);
        }
        File.Delete(script);
    }

    [Fact]
    public async Task RequiredWall_ThatDoesNotStand_RefusesToStart_AndRunsNothing()
    {
        string script = Path.Combine(Path.GetTempPath(), $"faas-required-{Environment.ProcessId}");
        await using SandboxPool pool = OpenPool(
            script, new SandboxOptions { Slots = 1, Warm = 1, Spares = 0, RequiredWalls = "network, SystemCalls" });
        pool.Start();

        Func<Task> check = () => pool.CheckWallsAsync(CancellationToken.None);
        AttemptResult result = await pool.RunAsync(SandboxFixture.Call("() => 'evil:try who'"), CancellationToken.None);

        (await check.Should().ThrowAsync<CompositionException>()).WithMessage(
            "Sandbox:RequiredWalls asks for walls that do not stand here: Network (left open); SystemCalls (left open).");
        result.Outcome.Should().Be(Outcome.PlatformError);
        File.Delete(script);
    }

    [Fact]
    public async Task RequiredWalls_ThatStand_AreNoHindrance()
    {
        await using SandboxPool pool = SandboxFixture.NewPool(
            new SandboxOptions { Slots = 1, Warm = 1, Spares = 0, RequiredWalls = probe.Pool.Walls!.Standing() });
        pool.Start();

        await pool.CheckWallsAsync(CancellationToken.None);

        (await pool.RunAsync(SandboxFixture.Call("() => 1"), CancellationToken.None)).Outcome.Should().Be(Outcome.Success);
    }

    [Fact]
    public void RequiredWalls_ThatDoNotExist_AreRefusedWithThoseThatDo()
    {
        var options = new SandboxOptions { RequiredWalls = "Network, Moat" };

        options.Validate(new(options)).Should().ContainSingle().Which.ErrorMessage.Should().StartWith(
            "Sandbox:RequiredWalls names Moat; there are Environment, Descriptors, ").And.EndWith("Cgroup, and All.");
        new SandboxOptions { RequiredWalls = "all" }.Required().Should().Equal(Enum.GetValues<Wall>());
    }

    [Fact]
    public void Report_WhenItCrosses_SaysTheSame_AndNonsenseSaysNothing()
    {
        var report = new WallReport();
        report.Lacks(Wall.Network, "the interface eth0 is there:\nindeed");

        WallReport.Read(report.Write()).Missing.Should().Equal(
            new Dictionary<Wall, string> { [Wall.Network] = "the interface eth0 is there: indeed" });
        WallReport.Read("\nNetwork\n: x\n99: y\nMoat: z\n").Missing.Should().BeEmpty();
    }

    private static SandboxPool OpenPool(string script, SandboxOptions options)
    {
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));
        File.WriteAllText(script, $"#!/bin/sh\nexec '{dotnet}' '{ProbeFixture.ProbePath}' open\n");
        Process.Start("chmod", ["+x", script]).WaitForExit();
        options.ChildPath = script;
        return SandboxFixture.NewPool(options);
    }

    private static int[] Children() => [.. Process.GetProcesses().Where(IsProbe).Select(process => process.Id)];

    /// <summary>A probe that this process has started.</summary>
    private static bool IsProbe(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").Contains("FaaS.Tests.EvilChild", StringComparison.Ordinal)
                && File.ReadAllText($"/proc/{process.Id}/stat").Split(") ")[^1].Split(' ')[1] == $"{Environment.ProcessId}";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
