using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Protocol;

namespace FaaS.Tests.EvilChild;

/// <summary>Frames of every kind, whole and damaged, in no order: the same ones for the same seed.</summary>
internal sealed class Babble(int seed, Stream output)
{
    private const int FramesMax = 60;

    private static readonly byte[][] Texts =
        ["mine"u8.ToArray(), "{\"a\":1}"u8.ToArray(), [(byte)'"', 0xC3, 0x28, (byte)'"'], [0, 255, 128], "[[[["u8.ToArray(), new byte[5_000], []];

    private readonly Random _random = new(seed);
    private readonly FrameWriter _writer = new();

    public void Run()
    {
        if (_random.Next(2) == 0) output.Write(EndedFrame.Write(_writer, End(), default));
        for (var left = _random.Next(1, FramesMax); left > 0; left--)
        {
            var frame = Frame();
            // Most are damaged in the end, and nothing that comes after that is read.
            if (_random.Next(8) == 0) frame = Damaged(frame);
            output.Write(frame);
        }
        // Silence would only be waited for, up to the run's limit.
        output.Write([255, 255, 255, 255, 0]);
    }

    private byte[] Frame() => _random.Next(10) switch
    {
        < 5 => _writer.Begin(FrameKind.Logs).Bytes(Text()).End().ToArray(),
        < 7 => EndedFrame.Write(_writer, End(), Text()).ToArray(),
        7 => _writer.Begin((FrameKind)_random.Next(256)).Bytes(Text()).End().ToArray(),
        8 => _writer.Begin(FrameKind.Checked).Bytes(Text()).End().ToArray(),
        _ => Text(),
    };

    private RunEnd End()
    {
        var outcome = (Outcome)_random.Next(12);
        var kind = outcome == Outcome.Success ? (ResultKind)_random.Next(1, 5) : ResultKind.None;
        return new RunEnd(
            outcome, kind, Text(), _random.Next(2) == 0 ? null : new FunctionError("Mine", "\0\uD83C", null),
            TimeSpan.FromMicroseconds(_random.Next()), _random.Next(2) == 0);
    }

    private byte[] Damaged(byte[] frame)
    {
        if (frame.Length == 0) return frame;
        frame[_random.Next(Math.Min(frame.Length, 40))] = (byte)_random.Next(256);
        return _random.Next(3) == 0 ? frame[.._random.Next(frame.Length)] : frame;
    }

    private byte[] Text() => Texts[_random.Next(Texts.Length)];
}
