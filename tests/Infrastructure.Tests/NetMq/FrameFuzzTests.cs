using System.Text;
using CsCheck;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>Heads and fragments as anybody may send them: refused, or taken for exactly what they are.</summary>
public sealed class NetMqFrameFuzzTests
{
    private const int Cases = 20_000;

    private static readonly byte[][] Words =
    [
        [0x7F], [0x20], [0, 0, 0, 1], [0, 0x20, 0, 0], [0, 0x20, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF], "a.b/1"u8.ToArray(), Encoding.ASCII.GetBytes(NetMqFrameTests.Trace),
    ];

    private static readonly Gen<int> AnyBody = Gen.OneOf(
        Gen.Int[0, 80], Gen.OneOf(16, 32, 48, 49, 256, 257, 64 << 10, (64 << 10) + 1, 128 << 10, (128 << 10) + 1, 2 << 20), Gen.Int[0, 3 << 20]);

    [Fact]
    public void Head_OfAnyBytes_IsRefusedOrIsWhatItSays() => Fuzz.Run(
        "frames, any bytes", Cases, Gen.Select(Damage.AnyBytes(200), AnyBody), sent => CheckHead(sent.Item1, sent.Item2), Show);

    [Fact]
    public void Head_ThatWasDamaged_IsRefusedOrIsWhatItSays()
    {
        byte[][] good = [.. NetMqFrameTests.Heads.Values.Select(head => Frames.Encode(head))];
        var bodies = Gen.OneOf(AnyBody, Gen.OneOf(NetMqFrameTests.Heads.Values.Select(head => (int)head.Total).ToArray()));

        Fuzz.Run("frames, damaged heads", Cases, Gen.Select(Damage.Of(good, Words, 4), bodies), sent => CheckHead(sent.Item1, sent.Item2), Show);
    }

    [Fact]
    public void Fault_OfAnyBytes_IsAnError()
    {
        byte[][] good = [Faults.Encode(new Domain.Error(Domain.ErrorCode.QueueFull, "Full.", 9, 1, 2)), "{}"u8.ToArray()];

        Fuzz.Run("fault bodies", Cases / 4, Damage.Of(good, Damage.TextWords), body =>
        {
            Faults.Decode(body).Message.Should().NotBeNull();
            ClientSession.WordOf(body).Should().MatchRegex("^[ -~]*$");
        }, Encoding.UTF8.GetString);
    }

    /// <summary>Any order, size and mixture of fragments: whole bodies are what was sent of them, and no more is kept than may be.</summary>
    [Fact]
    public void Fragments_InAnyOrder_GiveWholeBodiesAndStayWithinBounds() => Fuzz.Run(
        "fragments", 1_000, Gen.Select(Gen.Int[0, 40], Gen.Int[1, 40], Gen.Int[0, 3], Gen.Int[1, 9]).Array[1, 200], CheckFragments);

    private static void CheckHead(byte[] bytes, int body)
    {
        if (Frames.TryDecode(bytes, body, out var head) is { } refusal)
        {
            refusal.Should().BeOneOf(Reasons.Malformed, Reasons.Version);
            return;
        }
        Frames.Encode(head).Should().Equal(bytes);
        body.Should().BeLessThanOrEqualTo(Frames.WholeBytesMax);
        head.Total.Should().BeLessThanOrEqualTo(Frames.MessageBytesMax);
        if (head.Kind is FrameKind.Hello or FrameKind.Challenge or FrameKind.Proof) head.Session.Should().Be(0);
        else if (head.Kind != FrameKind.Rejected) head.Session.Should().NotBe(0);
    }

    /// <summary>
    /// A fragment is: whose it is, how long the body is said to be, its flags, and its own length. Beside the assembler stands
    /// a model that keeps every body whole.
    /// </summary>
    private static void CheckFragments((int Correlation, int Total, int Flags, int Length)[] fragments)
    {
        var assembler = new Assembler();
        var model = new Dictionary<int, (int Total, List<byte> Bytes)>();
        var next = (byte)0;
        foreach (var (correlation, total, number, length) in fragments)
        {
            var flags = (FrameFlags)number;
            byte[] bytes = [.. Enumerable.Range(0, length).Select(_ => next++)];
            var refusal = assembler.Add(new Head(FrameKind.Request, 1, (ulong)correlation, (uint)total, flags), bytes, out _, out var body);

            var isFirst = (flags & FrameFlags.Continued) == 0;
            var expected = isFirst && model.ContainsKey(correlation) ? Reasons.Duplicate
                : isFirst && model.Count >= Assembler.PartialsMax ? Reasons.Overloaded
                : !isFirst && !model.ContainsKey(correlation) ? Reasons.Unexpected
                : null;
            byte[]? whole = null;
            if (expected is null)
            {
                if (isFirst) model[correlation] = (total, []);
                var (announced, gathered) = model[correlation];
                gathered.AddRange(bytes);
                var isLast = (flags & FrameFlags.More) == 0;
                if (total != announced || gathered.Count > announced || isLast != (gathered.Count == announced)) expected = Reasons.Malformed;
                else if (isLast) whole = [.. gathered];
                if (expected is not null || isLast) model.Remove(correlation);
            }
            refusal.Should().Be(expected);
            if (whole is null) body.Should().BeNull();
            else body.Should().Equal(whole);
            assembler.Count.Should().Be(model.Count).And.BeLessThanOrEqualTo(Assembler.PartialsMax);
        }
    }

    private static string Show((byte[] Head, int Body) sent) => $"{Convert.ToHexStringLower(sent.Head)} with a body of {sent.Body} bytes";
}
