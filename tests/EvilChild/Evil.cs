using System.Text;
using FaaS.Application.Worker;
using FaaS.Domain.Jobs;
using FaaS.Infrastructure.Sandbox.Protocol;
using FaaS.Infrastructure.Sandbox.Walls;

namespace FaaS.Tests.EvilChild;

/// <summary>Speaks the sandbox's protocol, honestly until it is told not to.</summary>
internal sealed class Evil(Stream input, Stream output)
{
    private readonly FrameWriter _writer = new();
    private readonly Dictionary<ushort, string> _sources = [];
    private readonly List<string> _remembered = [];

    /// <summary>Loads all it needs, by serving a few frames of its own.</summary>
    public static void Prepare()
    {
        using var frames = new MemoryStream();
        var limits = new RunLimits(TimeSpan.FromSeconds(1), 128, 1 << 20, 64 << 10);
        foreach (var kind in (FrameKind[])[FrameKind.Check, FrameKind.Run])
            frames.Write(RunFrame.Write(new FrameWriter(), kind, limits, new SlotGrant(0, true, []), "() => 'evil:try who'"u8, "[]"u8));
        frames.Position = 0;
        new Evil(frames, Stream.Null).Serve(new WallReport());
    }

    /// <summary>Serves until the worker closes the pipe.</summary>
    public void Serve(WallReport walls)
    {
        Ready(walls);
        var reader = new FrameReader(input, FrameLimits.RunBytesMax);
        while (reader.TryRead(out var frame))
        {
            var run = RunFrame.Parse(frame.Body);
            if (run.HasSource) _sources[run.Slot] = Encoding.UTF8.GetString(run.Source);
            _remembered.Add(Encoding.UTF8.GetString(run.Source) + Encoding.UTF8.GetString(run.Arguments));
            if (frame.Kind == FrameKind.Check) output.Write(CheckedFrame.Write(_writer, new SourceCheck(true, null, null, null), retire: false));
            else Answer(Deed(_sources[run.Slot]), Encoding.UTF8.GetString(run.Arguments));
        }
    }

    /// <summary>What comes after <c>evil:</c> in a source, up to its quote.</summary>
    private static string Deed(string source)
    {
        var at = source.IndexOf("evil:", StringComparison.Ordinal);
        return at < 0 ? "" : source[(at + 5)..source.IndexOf('\'', at)];
    }

    private void Answer(string deed, string arguments)
    {
        switch (deed)
        {
            case "end twice":
                Ended("mine");
                Ended("forged");
                break;
            case "end without end":
                Ended("mine");
                while (true) Ended("forged");
            case "end as cancelled":
                Raw(FrameKind.Ended, [(byte)Outcome.Cancelled, 0, 0, 0, .. new byte[20]]);
                break;
            case "end as expired":
                Raw(FrameKind.Ended, [(byte)Outcome.Expired, 0, 0, 0, .. new byte[20]]);
                break;
            case "end with an outcome nobody knows":
                Raw(FrameKind.Ended, [200, 0, 0, 0, .. new byte[20]]);
                break;
            case "end within a frame":
                Raw(FrameKind.Ended, [1, 2, 3]);
                break;
            case "end with lengths that lie":
                Raw(FrameKind.Ended, [0, (byte)ResultKind.Text, 0, 0, .. new byte[4], 255, 255, 255, 127, .. new byte[12]]);
                break;
            case "claim an hour":
                output.Write(EndedFrame.Write(
                    _writer, Success("mine") with { Load = TimeSpan.FromHours(1) }, default));
                break;
            case "be ready again":
                Ready(new WallReport());
                break;
            case "speak in unknown kinds":
                Raw((FrameKind)99, [1]);
                break;
            case "answer a check":
                output.Write(CheckedFrame.Write(_writer, new SourceCheck(true, null, null, null), retire: false));
                break;
            case "announce two gigabytes":
                output.Write([255, 255, 255, 127, (byte)FrameKind.Ended]);
                break;
            case "log without end":
                var line = Encoding.UTF8.GetBytes(new string(' ', 4_000));
                while (true) Raw(FrameKind.Logs, line);
            case "log what is no JSON":
                output.Write(EndedFrame.Write(_writer, Success("mine"), "\"}],\"res\":{"u8));
                break;
            case "answer in what is no UTF-8":
                output.Write(EndedFrame.Write(
                    _writer, Success("") with { Kind = ResultKind.Json, Value = new byte[] { (byte)'"', 0xFF, (byte)'"' } }, "\"\xFF\""u8));
                break;
            case "write to the error output":
                var noise = new byte[64 * 1024];
                using (var errors = Console.OpenStandardError())
                    for (var n = 0; n < 64; n++) errors.Write(noise);
                Ended("mine");
                break;
            case "say nothing":
                new ManualResetEvent(false).WaitOne();
                break;
            case "go away":
                Environment.Exit(0);
                break;
            case "tell all it was given":
                Ended($"{Environment.ProcessId}\n{string.Join('\n', _remembered)}");
                break;
            case var _ when deed.StartsWith("babble ", StringComparison.Ordinal):
                new Babble(int.Parse(deed.AsSpan(7), System.Globalization.CultureInfo.InvariantCulture), output).Run();
                break;
            case var act when act.StartsWith("try ", StringComparison.Ordinal):
                Ended(Probe.Try(act[4..]));
                break;
            default:
                Ended($"honest {arguments}");
                break;
        }
        output.Flush();
    }

    private void Ready(WallReport walls) => output.Write(ReadyFrame.Write(_writer, walls));

    private void Ended(string text) => output.Write(EndedFrame.Write(_writer, Success(text), default));

    private static RunEnd Success(string text) =>
        new(Outcome.Success, ResultKind.Text, Encoding.UTF8.GetBytes(text), null, default, false);

    private void Raw(FrameKind kind, ReadOnlySpan<byte> body) => output.Write(_writer.Begin(kind).Bytes(body).End());
}
