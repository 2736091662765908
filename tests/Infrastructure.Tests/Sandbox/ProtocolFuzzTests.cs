using CsCheck;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Agent;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>Whatever comes through a child's pipe is a frame, or the one exception that ends the child.</summary>
public sealed class SandboxProtocolFuzzTests
{
    private const int Cases = 10_000;
    private const int BodyMax = 1_024;
    private static readonly RunLimits Limits = new(TimeSpan.FromSeconds(1), 128, 512, 256);

    private static readonly byte[][] Words =
    [
        [0, 0, 0, 0], [1, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 127], [0, 0, 0, 128], [0, 4, 0, 0], [1, 4, 0, 0],
        [255, 255, 255, 255, 255, 255, 255, 127], [17], [18], [0xC3, 0x28], [0xED, 0xA0, 0x80],
    ];

    [Fact]
    public void Run_OfAnyBytes_IsAFrameOrRefused() => Fuzz.Run("sandbox run frames", Cases, Bodies(Runs()), body => Refuses(() =>
    {
        var run = RunFrame.Parse(body);
        run.Slot.Should().BeLessThan(FrameLimits.Slots);
        (run.Source.Length + run.Arguments.Length + run.Evicted.Length).Should().BeLessThan(body.Length);
        run.Limits.Timeout.Should().BeGreaterThan(TimeSpan.Zero);
    }), Convert.ToHexStringLower);

    [Fact]
    public void Ended_OfAnyBytes_IsAFrameThatComesBackOrRefused() => Fuzz.Run("sandbox ended frames", Cases, Bodies(Ends()), body => Refuses(() =>
    {
        var end = EndedFrame.Parse(body, out var logs);
        var again = EndedFrame.Parse(
            EndedFrame.Write(new FrameWriter(), end, logs)[FrameLimits.HeaderBytes..].ToArray(), out var logsAgain);
        (again with { Value = default }).Should().Be(end with { Value = default });
        again.Value.Span.SequenceEqual(end.Value.Span).Should().BeTrue();
        logsAgain.SequenceEqual(logs).Should().BeTrue();
        end.Outcome.Should().NotBe(Outcome.Cancelled).And.NotBe(Outcome.Crashed).And.NotBe(Outcome.Expired);
        end.Load.Should().BeGreaterThanOrEqualTo(TimeSpan.Zero);
    }), Convert.ToHexStringLower);

    [Fact]
    public void Checked_OfAnyBytes_IsAFrameThatComesBackOrRefused() => Fuzz.Run("sandbox checked frames", Cases, Bodies(Checks()), body => Refuses(() =>
    {
        var check = CheckedFrame.Parse(body, out var retire);
        CheckedFrame.Parse(CheckedFrame.Write(new FrameWriter(), check, retire)[FrameLimits.HeaderBytes..], out var retireAgain).Should().Be(check);
        retireAgain.Should().Be(retire);
    }), Convert.ToHexStringLower);

    /// <summary>The stream of a child during one run, cut anywhere, up to the end of the run or of the child.</summary>
    [Fact]
    public void Stream_OfAnyBytes_EndsTheRunOnceAndWithinItsLimits()
    {
        byte[][] good = [.. Streams()];
        var ended = 0;

        Fuzz.Run("sandbox streams", Cases, Gen.Select(Damage.Of(good, Words), Gen.Int[1, 200]), sent => Refuses(() =>
        {
            var reader = new FrameReader(new CutStream(sent.Item1, sent.Item2), BodyMax);
            var run = new RunAssignment(SandboxFixture.Call("() => 1"), Limits, TimeSpan.FromSeconds(1));
            while (reader.TryRead(out var frame))
            {
                frame.Body.Length.Should().BeLessThanOrEqualTo(BodyMax);
                if (frame.Kind == FrameKind.Logs)
                {
                    run.AddLogs(frame.Body);
                    continue;
                }
                run.Answer(frame, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(1));
                run.Release();
                var result = run.Ended.GetAwaiter().GetResult();
                result.Logs.Length.Should().BeLessThanOrEqualTo(Limits.LogBytesMax + 2);
                result.Usage.Wall.Should().Be(TimeSpan.FromMilliseconds(2));
                ended++;
                return;
            }
        }), sent => $"{Convert.ToHexStringLower(sent.Item1)} in pieces of {sent.Item2}");

        if (!Fuzz.IsOneCase) ended.Should().BeGreaterThan(100);
    }

    private static Gen<byte[]> Bodies(IEnumerable<byte[]> good) =>
        Gen.Frequency((4, Damage.Of([.. good], Words)), (1, Damage.AnyBytes(80)));

    private static IEnumerable<byte[]> Runs()
    {
        yield return Body(RunFrame.Write(new FrameWriter(), FrameKind.Run, Limits, new SlotGrant(3, true, [7, 8]), "() => 1"u8, "[1]"u8));
        yield return Body(RunFrame.Write(new FrameWriter(), FrameKind.Run, Limits, new SlotGrant(63, false, []), "unsent"u8, "[2]"u8, "{}"u8));
        yield return Body(RunFrame.Write(new FrameWriter(), FrameKind.Check, Limits, new SlotGrant(0, true, []), "() => 1"u8, default));
    }

    private static IEnumerable<byte[]> Ends()
    {
        yield return Body(EndedFrame.Write(new FrameWriter(), Success(), "{\"a\":1}"u8));
        yield return Body(EndedFrame.Write(
            new FrameWriter(), RunEnd.Failed(Outcome.UserError, new FunctionError("Ä", "☃", "at\nx"), retire: true), default));
        yield return Body(EndedFrame.Write(new FrameWriter(), RunEnd.Failed(Outcome.MemoryExceeded), default));
        yield return Body(EndedFrame.Write(new FrameWriter(), RunEnd.Failed(Outcome.PlatformError, new FunctionError("", "x", null)), default));
    }

    private static IEnumerable<byte[]> Checks()
    {
        yield return Body(CheckedFrame.Write(new FrameWriter(), new SourceCheck(true, null, null, null), false));
        yield return Body(CheckedFrame.Write(new FrameWriter(), new SourceCheck(false, "wrong ☃", 3, 4), true));
    }

    private static IEnumerable<byte[]> Streams()
    {
        var logs = new FrameWriter().Begin(FrameKind.Logs).Bytes("{\"a\":1}"u8).End().ToArray();
        foreach (var body in Ends())
        {
            var end = new FrameWriter().Begin(FrameKind.Ended).Bytes(body).End().ToArray();
            yield return end;
            yield return [.. logs, .. logs, .. end];
            yield return [.. end, .. end];
        }
        yield return new FrameWriter().Begin(FrameKind.Ready).Int32(1).End().ToArray();
    }

    private static RunEnd Success() =>
        new(Outcome.Success, ResultKind.Json, "{\"a\":1}"u8.ToArray(), null, TimeSpan.FromMilliseconds(3), false);

    private static byte[] Body(ReadOnlySpan<byte> frame) => frame[FrameLimits.HeaderBytes..].ToArray();

    private static void Refuses(Action parse)
    {
        try
        {
            parse();
        }
        catch (BadFrameException)
        {
            // The one way to refuse.
        }
    }

    private sealed class CutStream(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);
    }
}
