using System.Diagnostics;
using FaaS.Infrastructure.Sandbox.Agent;
using FaaS.Infrastructure.Sandbox.Native;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>A child by hand, without a pool: what it does when the other end of its pipes misbehaves or goes away.</summary>
[Collection(SandboxCollection.Name)]
public sealed class OrphanTests
{
    private static readonly RunLimits Limits = new(TimeSpan.FromMinutes(5), 128, 1 << 20, 64 << 10);

    [Theory]
    [InlineData("() => { for (;;); }")]
    [InlineData("() => BigInt('9'.repeat(3e6)) % 7n")]
    [InlineData("() => new Promise(r => setTimeout(r, 1e6))")]
    [InlineData("async () => { for (;;) { console.log('x'); await null } }")]
    public async Task Child_WhenTheAgentIsGone_ExitsWithinASecond(string source)
    {
        // DESIGN, mistake 5: the kernel closes a killed agent's end of the pipe; closing it here is the same event.
        using Process child = StartReady(out Stream input, out FrameReader _);
        input.Write(Run(source));
        await SandboxFixture.Eventually(() => child.TotalProcessorTime > TimeSpan.FromMilliseconds(100), "the child works");

        child.StandardInput.Close();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await child.WaitForExitAsync(patience.Token);
        child.ExitCode.Should().Be(0);
    }

    [Theory]
    [InlineData(new byte[] { 255, 255, 255, 255, 1 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 99 })]
    public async Task Child_WhenAFrameIsBad_Exits(byte[] bytes)
    {
        using Process child = StartReady(out Stream input, out FrameReader _);

        input.Write(bytes);

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await child.WaitForExitAsync(patience.Token);
        child.ExitCode.Should().NotBe(0);
    }

    [Fact]
    public void Child_WhenItIsReady_IsConfined()
    {
        using Process child = StartReady(out Stream _, out FrameReader _);

        string limits = File.ReadAllText($"/proc/{child.Id}/limits");
        string status = File.ReadAllText($"/proc/{child.Id}/status");
        string environment = File.ReadAllText($"/proc/{child.Id}/environ");
        string directory = new FileInfo($"/proc/{child.Id}/cwd").LinkTarget!;
        string[] descriptors = [.. Enumerable.Range(0, 3).Select(fd => new FileInfo($"/proc/{child.Id}/fd/{fd}").LinkTarget!)];
        child.Kill();

        limits.Should().MatchRegex(@"Max file size\s+0\s+0 ").And.MatchRegex(@"Max core file size\s+0\s+0 ")
            .And.MatchRegex(@"Max open files\s+128\s+128 ");
        status.Should().MatchRegex(@"NoNewPrivs:\s+1");
        environment.Split('\0', StringSplitOptions.RemoveEmptyEntries).Should().OnlyContain(entry => entry.StartsWith("DOTNET_"));
        directory.Should().EndWith("(deleted)");

        // A native write to descriptor 1 lands in standard error, and one to 0 nowhere.
        descriptors[0].Should().Be("/dev/null");
        descriptors[1].Should().Be(descriptors[2]);
    }

    [Fact]
    public void Child_WhenItIsIdle_TakesLessThanSixtyMegabytes()
    {
        using Process child = StartReady(out Stream input, out FrameReader reader);
        for (int i = 0; i < 50; i++)
        {
            input.Write(Run($"() => {i}"));
            reader.TryRead(out Frame frame).Should().BeTrue();
            frame.Kind.Should().Be(FrameKind.Ended);
        }

        using var gauge = new ProcessGauge(child.Id);
        long resident = gauge.ResidentBytes();
        child.Kill();

        resident.Should().BeInRange(10 << 20, 60_000_000);
    }

    private static Process StartReady(out Stream input, out FrameReader reader)
    {
        Process child = new ChildLauncher(null).Start();
        input = new PipeStream(((System.IO.Pipes.PipeStream)child.StandardInput.BaseStream).SafePipeHandle);
        reader = new FrameReader(
            new PipeStream(((System.IO.Pipes.PipeStream)child.StandardOutput.BaseStream).SafePipeHandle), 2 << 20);
        reader.TryRead(out Frame ready).Should().BeTrue();
        ready.Kind.Should().Be(FrameKind.Ready);
        return child;
    }

    private static byte[] Run(string source) => RunFrame.Write(
        new FrameWriter(), FrameKind.Run, Limits, new SlotGrant(0, SourceNeeded: true, []),
        System.Text.Encoding.UTF8.GetBytes(source), "[]"u8).ToArray();
}
