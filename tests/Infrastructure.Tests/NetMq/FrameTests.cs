using System.Text;
using CsCheck;
using FaaS.Domain;
using FaaS.Infrastructure.NetMq;

namespace FaaS.Infrastructure.Tests.NetMq;

public sealed class NetMqFrameTests
{
    private const string S = "101112131415161718191a1b1c1d1e1f";
    private const string Zero = "00000000000000000000000000000000";
    private static readonly UInt128 Session = UInt128.Parse(S, System.Globalization.NumberStyles.HexNumber, null);

    /// <summary>Heads written down by hand: version, kind, flags, lengths, zero, remaining, total, correlation, session, texts.</summary>
    public static TheoryData<string, int, string> Golden => new()
    {
        { "hello", 49, $"01 01 00 00 00 000000 00000000 00000031 0000000000000000 {Zero}" },
        { "challenge", 48, $"01 02 00 00 00 000000 00000000 00000030 0000000000000000 {Zero}" },
        { "proof", 32, $"01 03 00 00 00 000000 00000000 00000020 0000000000000000 {Zero}" },
        { "welcome", 32, $"01 04 00 00 00 000000 00000000 00000020 0000000000000000 {S}" },
        { "request", 2, $"01 05 00 05 00 000000 00001388 00000002 0000000000000007 {S} 612e622f31" },
        { "traced", 2, $"01 05 00 05 37 000000 00001388 00000002 0000000000000007 {S} 612e622f31 {Hex(Trace)}" },
        { "first", 65536, $"01 05 01 05 00 000000 00001388 00030d40 0000000000000007 {S} 612e622f31" },
        { "next", 65536, $"01 05 03 00 00 000000 00000000 00030d40 0000000000000007 {S}" },
        { "last", 3392, $"01 05 02 00 00 000000 00000000 00030d40 0000000000000007 {S}" },
        { "reply", 2, $"01 06 00 00 00 000000 00000000 00000002 0000000000000007 {S}" },
        { "fault", 9, $"01 07 00 00 00 000000 00000000 00000009 0000000000000007 {S}" },
        { "rejected", 10, $"01 08 00 00 00 000000 00000000 0000000a 0000000000000007 {S}" },
        { "refused", 9, $"01 08 00 00 00 000000 00000000 00000009 0000000000000000 {Zero}" },
        { "heartbeat", 16, $"01 09 00 00 00 000000 00000000 00000010 0000000000000003 {S}" },
        { "goodbye", 0, $"01 0a 00 00 00 000000 00000000 00000000 0000000000000000 {S}" },
        { "leaving", 0, $"01 0d 00 00 00 000000 00000000 00000000 0000000000000000 {S}" },
        { "cancel", 0, $"01 0b 00 00 00 000000 00000000 00000000 0000000000000007 {S}" },
        { "credit", 0, $"01 0c 00 00 00 000000 00000000 00000000 0000000000000007 {S}" },
    };

    internal const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    internal static readonly Dictionary<string, Head> Heads = new()
    {
        ["hello"] = new(FrameKind.Hello, Total: 49),
        ["challenge"] = new(FrameKind.Challenge, Total: 48),
        ["proof"] = new(FrameKind.Proof, Total: 32),
        ["welcome"] = new(FrameKind.Welcome, Session, Total: 32),
        ["request"] = new(FrameKind.Request, Session, 7, 2, RemainingMs: 5_000, Name: "a.b/1"),
        ["traced"] = new(FrameKind.Request, Session, 7, 2, RemainingMs: 5_000, Name: "a.b/1", Trace: Trace),
        ["first"] = new(FrameKind.Request, Session, 7, 200_000, FrameFlags.More, 5_000, "a.b/1"),
        ["next"] = new(FrameKind.Request, Session, 7, 200_000, FrameFlags.More | FrameFlags.Continued),
        ["last"] = new(FrameKind.Request, Session, 7, 200_000, FrameFlags.Continued),
        ["reply"] = new(FrameKind.Reply, Session, 7, 2),
        ["fault"] = new(FrameKind.Fault, Session, 7, 9),
        ["rejected"] = new(FrameKind.Rejected, Session, 7, 10),
        ["refused"] = new(FrameKind.Rejected, Total: 9),
        ["heartbeat"] = new(FrameKind.Heartbeat, Session, 3, 16),
        ["goodbye"] = new(FrameKind.Goodbye, Session),
        ["leaving"] = new(FrameKind.Leaving, Session),
        ["cancel"] = new(FrameKind.Cancel, Session, 7),
        ["credit"] = new(FrameKind.Credit, Session, 7),
    };

    private static readonly Gen<Head> AnyRequest = Gen.Select(
        Gen.ULong[1, ulong.MaxValue], Gen.ULong[1, ulong.MaxValue], Gen.UInt, Gen.UInt[0, Frames.WholeBytesMax],
        Gen.Char['!', '~'].Array[1, Frames.NameBytesMax], Gen.Bool,
        (session, correlation, remaining, total, name, isTraced) => new Head(
            FrameKind.Request, session, correlation, total, FrameFlags.None, remaining, new string(name), isTraced ? Trace : ""));

    [Theory]
    [MemberData(nameof(Golden))]
    public void Head_OfEachKind_HasTheseBytes(string kind, int bodyBytes, string golden)
    {
        var bytes = Convert.FromHexString(golden.Replace(" ", ""));

        Convert.ToHexStringLower(Frames.Encode(Heads[kind])).Should().Be(Convert.ToHexStringLower(bytes));
        Frames.TryDecode(bytes, bodyBytes, out var head).Should().BeNull();
        head.Should().Be(Heads[kind]);
    }

    [Fact]
    public void Head_WhenGenerated_ComesBack() => AnyRequest.Sample(head =>
        Frames.TryDecode(Frames.Encode(head), (int)head.Total, out var decoded) is null && decoded == head);

    [Fact]
    public void Decoder_OnRandomBytes_NeverThrows() => Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 3 << 20]).Sample(
        (bytes, body) => { Frames.TryDecode(bytes, body, out _); });

    [Fact]
    public void Decoder_OnMutatedHeads_NeverThrowsAndNeverPassesABound() => Gen.Select(
        Gen.Int[0, Heads.Count - 1].Select(at => Heads.Values.ElementAt(at)), Gen.Int[0, 130], Gen.Byte, Gen.Int[0, 140], Gen.Int[0, 3 << 20]).Sample(
        (head, at, value, length, body) =>
        {
            var bytes = Frames.Encode(head);
            bytes[at % bytes.Length] = value;
            Array.Resize(ref bytes, Math.Min(bytes.Length, length));
            return Frames.TryDecode(bytes, body, out var decoded) is not null
                || (decoded.Total <= Frames.MessageBytesMax && body <= Frames.WholeBytesMax);
        });

    [Theory]
    [InlineData(0, 2, Reasons.Version)]
    [InlineData(1, 0, Reasons.Malformed)]
    [InlineData(1, 13, Reasons.Malformed)]
    [InlineData(2, 4, Reasons.Malformed)]
    [InlineData(3, 6, Reasons.Malformed)]
    [InlineData(4, 1, Reasons.Malformed)]
    [InlineData(7, 1, Reasons.Malformed)]
    [InlineData(15, 3, Reasons.Malformed)]
    [InlineData(40, 7, Reasons.Malformed)]
    public void Decoder_WhenOneByteIsWrong_SaysWhy(int at, byte value, string reason)
    {
        var bytes = Frames.Encode(Heads["request"]);
        bytes[at] = value;

        Frames.TryDecode(bytes, 2, out _).Should().Be(reason);
    }

    [Fact]
    public void Fault_HasTheseBytes()
    {
        var bytes = Faults.Encode(new Error(ErrorCode.QueueFull, "Full.", 9, 1, 2));

        Encoding.UTF8.GetString(bytes).Should()
            .Be("""{"code":"QueueFull","message":"Full.","retryAfterSeconds":9,"line":1,"column":2}""");
        Faults.Decode(bytes).Should().Be(new Error(ErrorCode.QueueFull, "Full.", 9, 1, 2));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"code\":\"Nonsense\",\"message\":\"x\"}")]
    [InlineData("{\"code\":\"Conflict\"}")]
    public void Fault_WhenItDoesNotDecode_IsInternal(string body) =>
        Faults.Decode(Encoding.UTF8.GetBytes(body)).Code.Should().Be(ErrorCode.Internal);

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));
}
