using System.Buffers.Binary;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Infrastructure.Tests.Sandbox;

/// <summary>The codec on both sides: what is written is read back, and nothing else is taken for a frame.</summary>
public sealed class FrameTests
{
    private const int BodyMax = 64 << 10;

    [Fact]
    public void Write_OfARun_HasTheBytesOfTheFrameMap()
    {
        byte[] bytes = RunFrame.Write(
            new FrameWriter(), FrameKind.Run, new RunLimits(TimeSpan.FromMilliseconds(1), 128, 5, 6),
            new SlotGrant(3, SourceNeeded: true, [7, 8]), "src"u8, "[1]"u8, "{}"u8).ToArray();

        bytes.Should().Equal(
            44, 0, 0, 0, 1,
            3, 0, 1, 2, 128, 0, 0, 0, 0xE8, 3, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0,
            7, 0, 8, 0, (byte)'s', (byte)'r', (byte)'c', (byte)'{', (byte)'}', (byte)'[', (byte)'1', (byte)']');
    }

    [Fact]
    public void Parse_OfARun_GivesWhatWasWritten()
    {
        var limits = new RunLimits(TimeSpan.FromSeconds(60), 256, 1 << 20, 64 << 10);
        ReadOnlySpan<byte> bytes = RunFrame.Write(
            new FrameWriter(), FrameKind.Run, limits, new SlotGrant(63, SourceNeeded: false, []), "unsent"u8, "[2]"u8, "{}"u8);

        RunFrame run = RunFrame.Parse(bytes[FrameLimits.HeaderBytes..]);

        run.Limits.Should().Be(limits);
        (run.Slot, run.HasSource, run.Source.Length).Should().Be((63, false, 0));
        run.Environment.SequenceEqual("{}"u8).Should().BeTrue();
        run.Arguments.SequenceEqual("[2]"u8).Should().BeTrue();
    }

    [Fact]
    public void Parse_OfAnEnd_GivesWhatWasWritten()
    {
        var end = new RunEnd(
            Outcome.UserError, ResultKind.None, default, new FunctionError("Ä", "", "at\nx"), TimeSpan.FromMicroseconds(9), true);
        ReadOnlySpan<byte> bytes = EndedFrame.Write(new FrameWriter(), end, "{}"u8);

        RunEnd read = EndedFrame.Parse(bytes[FrameLimits.HeaderBytes..], out ReadOnlySpan<byte> logs);

        (read with { Value = default }).Should().Be(end);
        logs.SequenceEqual("{}"u8).Should().BeTrue();
    }

    [Fact]
    public void Parse_OfACheck_GivesWhatWasWritten()
    {
        var check = new SourceCheck(false, "wrong", 3, 4);
        ReadOnlySpan<byte> bytes = CheckedFrame.Write(new FrameWriter(), check, retire: true);

        CheckedFrame.Parse(bytes[FrameLimits.HeaderBytes..], out bool retire).Should().Be(check);
        retire.Should().BeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void Read_HoweverTheStreamIsCut_GivesTheSameFrames(int chunk)
    {
        var random = new Random(chunk);
        List<byte[]> bodies = [.. Enumerable.Range(0, 40).Select(i => Bytes(random, i % 9 == 0 ? 40_000 : i))];
        var all = new MemoryStream();
        foreach (byte[] body in bodies) all.Write(new FrameWriter().Begin(FrameKind.Logs).Bytes(body).End());
        var reader = new FrameReader(new ChunkedStream(all.ToArray(), chunk), BodyMax);

        foreach (byte[] body in bodies)
        {
            reader.TryRead(out Frame frame).Should().BeTrue();
            frame.Body.SequenceEqual(body).Should().BeTrue();
        }

        reader.TryRead(out _).Should().BeFalse();
    }

    [Fact]
    public void Read_WhenTheLengthIsOverTheLimit_RefusesBeforeItAllocates()
    {
        foreach (uint length in (uint[])[BodyMax + 1, int.MaxValue, uint.MaxValue])
        {
            byte[] header = new byte[FrameLimits.HeaderBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(header, length);
            var reader = new FrameReader(new MemoryStream(header), BodyMax);
            long before = GC.GetAllocatedBytesForCurrentThread();

            Action read = () => reader.TryRead(out _);

            read.Should().Throw<BadFrameException>();
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(BodyMax * 4);
        }
    }

    [Fact]
    public void Read_WhenTheStreamEndsInsideAFrame_Refuses()
    {
        byte[] whole = new FrameWriter().Begin(FrameKind.Ready).Int32(1).End().ToArray();
        for (int length = 1; length < whole.Length; length++)
        {
            var reader = new FrameReader(new MemoryStream(whole[..length]), BodyMax);
            Action read = () => reader.TryRead(out _);
            read.Should().Throw<BadFrameException>();
        }
    }

    [Fact]
    public void Parse_OfAnyBytes_EitherGivesAFrameOrRefuses()
    {
        var random = new Random(4711);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] body = Bytes(random, random.Next(80));
            Refuses(() => RunFrame.Parse(body));
            Refuses(() => EndedFrame.Parse(body, out _));
            Refuses(() => CheckedFrame.Parse(body, out _));
        }
    }

    [Fact]
    public void Parse_OfAMutatedFrame_EitherGivesAFrameOrRefuses()
    {
        var random = new Random(42);
        var end = new RunEnd(Outcome.Success, ResultKind.Json, "{\"a\":1}"u8.ToArray(), null, default, false);
        byte[] good = EndedFrame.Write(new FrameWriter(), end, "{}"u8)[FrameLimits.HeaderBytes..].ToArray();
        for (int i = 0; i < 20_000; i++)
        {
            byte[] body = [.. good];
            for (int flips = random.Next(1, 4); flips > 0; flips--) body[random.Next(body.Length)] = (byte)random.Next(256);
            Refuses(() => EndedFrame.Parse(body, out _));
        }
    }

    [Theory]
    [InlineData(Outcome.Cancelled)]
    [InlineData(Outcome.Expired)]
    [InlineData(Outcome.Crashed)]
    public void Parse_OfAnOutcomeAChildCannotKnow_Refuses(Outcome outcome)
    {
        byte[] body = EndedFrame.Write(new FrameWriter(), RunEnd.Failed(outcome), default)[FrameLimits.HeaderBytes..].ToArray();

        Action parse = () => EndedFrame.Parse(body, out _);

        parse.Should().Throw<BadFrameException>();
    }

    /// <summary>Found by <see cref="SandboxProtocolFuzzTests"/>: it was an exception of another kind.</summary>
    [Theory]
    [InlineData(4, -1)]
    [InlineData(8, -1)]
    [InlineData(8, 0)]
    [InlineData(8, long.MaxValue)]
    [InlineData(16, -1)]
    public void Parse_OfARunWithLimitsOutOfRange_Refuses(int at, long value)
    {
        byte[] body = RunFrame.Write(
            new FrameWriter(), FrameKind.Run, new RunLimits(TimeSpan.FromSeconds(1), 128, 5, 6), new SlotGrant(3, false, []), default,
            "[1]"u8)[FrameLimits.HeaderBytes..].ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(at), (int)value);
        if (at == 8) BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(at), value);

        Action parse = () => RunFrame.Parse(body);

        parse.Should().Throw<BadFrameException>();
    }

    /// <summary>Found by <see cref="SandboxProtocolFuzzTests"/>: a run had begun before it did.</summary>
    [Fact]
    public void Parse_OfALoadTimeBelowZero_Refuses()
    {
        var end = new RunEnd(Outcome.Success, ResultKind.Text, default, null, TimeSpan.FromMicroseconds(-1), false);
        byte[] body = EndedFrame.Write(new FrameWriter(), end, default)[FrameLimits.HeaderBytes..].ToArray();

        Action parse = () => EndedFrame.Parse(body, out _);

        parse.Should().Throw<BadFrameException>();
    }

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

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private sealed class ChunkedStream(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, chunk)]);
    }
}
