using System.Text;
using FaaS.Domain.Jobs;

namespace FaaS.Infrastructure.Sandbox.Protocol;

/// <summary>How a run ended inside the child.</summary>
/// <param name="Outcome">One of those a child can know.</param>
/// <param name="Kind">How to read <paramref name="Value"/>.</param>
/// <param name="Value">The result's UTF-8 text.</param>
/// <param name="Error">What the function threw, or what went wrong inside the platform.</param>
/// <param name="Load">Time before the function could be called: compilation and evaluation.</param>
/// <param name="Retire">The child no longer trusts itself, e.g. after running out of memory.</param>
internal readonly record struct RunEnd(
    Outcome Outcome, ResultKind Kind, ReadOnlyMemory<byte> Value, FunctionError? Error, TimeSpan Load, bool Retire)
{
    public static RunEnd Failed(Outcome outcome, FunctionError? error = null, bool retire = false) =>
        new(outcome, ResultKind.None, default, error, default, retire);
}

/// <summary>The <c>ended</c> frame.</summary>
internal static class EndedFrame
{
    private const byte RetireFlag = 1;

    public static ReadOnlySpan<byte> Write(FrameWriter writer, in RunEnd end, ReadOnlySpan<byte> logs)
    {
        byte[] name = Encode(end.Error?.Name);
        byte[] message = Encode(end.Error?.Message);
        byte[] stack = Encode(end.Error?.Stack);
        return writer.Begin(FrameKind.Ended)
            .Byte((byte)end.Outcome)
            .Byte((byte)end.Kind)
            .Byte(end.Retire ? RetireFlag : (byte)0)
            .Byte(0)
            .Int32((int)Math.Min(int.MaxValue, end.Load.Ticks / TimeSpan.TicksPerMicrosecond))
            .Int32(end.Value.Length)
            .Int32(end.Error is null ? -1 : name.Length)
            .Int32(message.Length)
            .Int32(end.Error?.Stack is null ? -1 : stack.Length)
            .Bytes(end.Value.Span).Bytes(name).Bytes(message).Bytes(stack)
            .Bytes(logs)
            .End();
    }

    /// <summary>Parses the body; the logs it carries are what <paramref name="logs"/> points at.</summary>
    public static RunEnd Parse(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> logs)
    {
        var reader = new BodyReader(body);
        var outcome = (Outcome)reader.Byte();
        var kind = (ResultKind)reader.Byte();
        byte flags = reader.Byte();
        reader.Byte();
        int load = reader.Int32();
        int valueLength = reader.Int32();
        int nameLength = reader.Int32();
        int messageLength = reader.Int32();
        int stackLength = reader.Int32();
        if (!IsForChildToSay(outcome) || load < 0 || kind > ResultKind.Opaque || (outcome == Outcome.Success) != (kind != default))
            throw new BadFrameException("An ended frame says what a child cannot know.");

        byte[] value = reader.Bytes(valueLength).ToArray();
        FunctionError? error = null;
        if (nameLength >= 0)
        {
            string name = reader.Text(nameLength);
            string message = reader.Text(messageLength);
            error = new FunctionError(name, message, stackLength < 0 ? null : reader.Text(stackLength));
        }

        logs = reader.Rest();
        return new RunEnd(
            outcome, kind, value, error, TimeSpan.FromMicroseconds(load), (flags & RetireFlag) != 0);
    }

    private static bool IsForChildToSay(Outcome outcome) => outcome is Outcome.Success or Outcome.UserError
        or Outcome.Timeout or Outcome.MemoryExceeded or Outcome.ResultTooLarge or Outcome.PlatformError;

    private static byte[] Encode(string? text) => text is null ? [] : Encoding.UTF8.GetBytes(text);
}
