using System.Text;
using FaaS.Application.Worker;

namespace FaaS.Infrastructure.Sandbox.Protocol;

/// <summary>The <c>checked</c> frame.</summary>
internal static class CheckedFrame
{
    public static ReadOnlySpan<byte> Write(FrameWriter writer, SourceCheck check, bool retire) =>
        writer.Begin(FrameKind.Checked)
            .Byte(check.IsFunction ? (byte)1 : (byte)0)
            .Byte(retire ? (byte)1 : (byte)0)
            .Int32(check.Line ?? 0)
            .Int32(check.Column ?? 0)
            .Bytes(check.Message is null ? default : Encoding.UTF8.GetBytes(check.Message))
            .End();

    public static SourceCheck Parse(ReadOnlySpan<byte> body, out bool retire)
    {
        var reader = new BodyReader(body);
        bool isFunction = reader.Byte() != 0;
        retire = reader.Byte() != 0;
        int line = reader.Int32();
        int column = reader.Int32();
        string message = Encoding.UTF8.GetString(reader.Rest());
        return new SourceCheck(
            isFunction,
            message.Length == 0 ? null : message,
            line > 0 ? line : null,
            column > 0 ? column : null);
    }
}
