using System.Text;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Infrastructure.Sandbox.Protocol;

/// <summary>The <c>ready</c> frame.</summary>
internal static class ReadyFrame
{
    public static ReadOnlySpan<byte> Write(FrameWriter writer, WallReport walls) =>
        writer.Begin(FrameKind.Ready).Int32((int)FrameLimits.Version).Bytes(Encoding.UTF8.GetBytes(walls.Write())).End();

    /// <summary>Reads which walls stand.</summary>
    /// <exception cref="BadFrameException">The child is of another version.</exception>
    public static WallReport Parse(ReadOnlySpan<byte> body)
    {
        var reader = new BodyReader(body);
        var version = (uint)reader.Int32();
        if (version != FrameLimits.Version)
            throw new BadFrameException($"The child speaks version {version}, and not {FrameLimits.Version}.");
        return WallReport.Read(Encoding.UTF8.GetString(reader.Rest()));
    }
}
