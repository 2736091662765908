using System.Buffers.Binary;
using System.Text;

namespace FaaS.Infrastructure.NetMq;

// FRAME MAP, version 1. docs/protocol.md repeats it for people who write a worker in another language.
//
// Every message is two frames, head and body; ROUTER puts the sender's routing id, 16 random bytes, before them.
// Numbers are big-endian.
//
//   head     0  1  version            1
//            1  1  kind               see FrameKind
//            2  1  flags              1 more fragments follow, 2 not the first fragment; other bits 0
//            3  1  name length        n: 1 to 96 in the first frame of a request, else 0
//            4  1  traceparent length t: 55 or 0
//            5  3  zero
//            8  4  remaining ms       of a request, when it was sent; else 0
//           12  4  total              length of the whole body: that of the body frame, unless it is a fragment
//           16  8  correlation        of a request, chosen by the client, from 1, rising; see the kinds
//           24 16  session            zero until it is known
//           40  n  row name           printable ASCII: queue.lease-jobs/1
//         40+n  t  traceparent        W3C: 00-…-…-01
//   body
//
//   kind       from    correlation      session  body
//   1 hello     client  0                zero     role (1), client nonce (32), identity (16)
//   2 challenge server  0                zero     server id (16), server nonce (32)
//   3 proof     client  0                zero     MAC (32)
//   4 welcome   server  0                new      MAC (32)
//   5 request   client  its own          yes      the request's JSON
//   6 reply     server  the request's    yes      the response's JSON
//   7 fault     server  the request's    yes      the error's JSON; the handler, or nobody, answers it
//   8 rejected  server  the request's    yes      a word: why it was certainly not executed
//               server  any              zero     a word: why the handshake or the session is no good
//   9 heartbeat both    frames sent      yes      server id (16)
//  10 goodbye   both    0                yes      empty, or a sentence
//  11 cancel    client  the request's    yes      empty
//  12 credit    both    the message's    yes      empty; answers a fragment that has "more"
//  13 leaving   client  0                yes      empty: it is about to stop, and still needs answers until its goodbye
//
// A heartbeat's correlation is the number of frames its sender sent in this session before it. TCP may break and be
// made again underneath the socket, losing what was on its way: whoever counted differently drops the session.
//
// Bodies up to 128 KiB are one message. Larger ones, up to 2 MiB, are fragments of at most 64 KiB; at most four of
// them may be on their way without credit, so that small messages never wait behind more than 256 KiB.

/// <summary>What a message is.</summary>
internal enum FrameKind : byte
{
    Hello = 1, Challenge, Proof, Welcome, Request, Reply, Fault, Rejected, Heartbeat, Goodbye, Cancel, Credit, Leaving,
}

/// <summary>Where a message stands among the fragments of one body.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,
    More = 1,
    Continued = 2,
}

/// <summary>A message's first frame.</summary>
internal readonly record struct Head(
    FrameKind Kind, UInt128 Session = default, ulong Correlation = 0, uint Total = 0, FrameFlags Flags = FrameFlags.None,
    uint RemainingMs = 0, string Name = "", string Trace = "");

/// <summary>Writes heads, and reads what anybody sent: decoding never throws.</summary>
internal static class Frames
{
    public const byte Version = 1;
    public const int HeadBytes = 40;
    public const int NameBytesMax = 96;
    public const int TraceBytes = 55;
    public const int WholeBytesMax = 128 << 10;
    public const int FragmentBytesMax = 64 << 10;
    public const int MessageBytesMax = 2 << 20;
    public const int HelloBytes = 1 + NonceBytes + IdBytes;
    public const int ChallengeBytes = IdBytes + NonceBytes;
    public const int NonceBytes = 32;
    public const int MacBytes = 32;
    public const int IdBytes = 16;
    private const int SentenceBytesMax = 256;

    /// <summary>The first frame's bytes.</summary>
    public static byte[] Encode(in Head head)
    {
        var bytes = new byte[HeadBytes + head.Name.Length + head.Trace.Length];
        var span = bytes.AsSpan();
        span[0] = Version;
        span[1] = (byte)head.Kind;
        span[2] = (byte)head.Flags;
        span[3] = (byte)head.Name.Length;
        span[4] = (byte)head.Trace.Length;
        BinaryPrimitives.WriteUInt32BigEndian(span[8..], head.RemainingMs);
        BinaryPrimitives.WriteUInt32BigEndian(span[12..], head.Total);
        BinaryPrimitives.WriteUInt64BigEndian(span[16..], head.Correlation);
        BinaryPrimitives.WriteUInt128BigEndian(span[24..], head.Session);
        Encoding.ASCII.GetBytes(head.Name, span[HeadBytes..]);
        Encoding.ASCII.GetBytes(head.Trace, span[(HeadBytes + head.Name.Length)..]);
        return bytes;
    }

    /// <summary>Reads a first frame, and checks that the second is of a size that its kind may have.</summary>
    /// <returns>Null, or the reason why the message is refused.</returns>
    public static string? TryDecode(ReadOnlySpan<byte> bytes, int bodyBytes, out Head head)
    {
        head = default;
        if (bytes.Length < 2) return Reasons.Malformed;
        if (bytes[0] != Version) return Reasons.Version;
        if (bytes.Length < HeadBytes || bytes[1] is < (byte)FrameKind.Hello or > (byte)FrameKind.Leaving)
            return Reasons.Malformed;
        int name = bytes[3], trace = bytes[4];
        if (bytes[2] > (byte)(FrameFlags.More | FrameFlags.Continued) || name > NameBytesMax || trace is not 0 and not TraceBytes
            || bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0 || bytes.Length != HeadBytes + name + trace
            || bytes[HeadBytes..].ContainsAnyExceptInRange((byte)0x21, (byte)0x7E))
            return Reasons.Malformed;
        head = new Head(
            (FrameKind)bytes[1],
            BinaryPrimitives.ReadUInt128BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
            (FrameFlags)bytes[2],
            BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
            name == 0 ? "" : Encoding.ASCII.GetString(bytes.Slice(HeadBytes, name)),
            trace == 0 ? "" : Encoding.ASCII.GetString(bytes.Slice(HeadBytes + name, trace)));
        return IsProper(head, bodyBytes) ? null : Reasons.Malformed;
    }

    private static bool IsProper(in Head head, int bodyBytes)
    {
        var isFirstOfRequest = head.Kind == FrameKind.Request && (head.Flags & FrameFlags.Continued) == 0;
        if (isFirstOfRequest != head.Name.Length > 0 || (head.Trace.Length > 0 && !isFirstOfRequest)
            || (head.RemainingMs > 0 && !isFirstOfRequest) || head.Total > MessageBytesMax) return false;
        if (head.Flags == FrameFlags.None) return head.Total == bodyBytes && FitsKind(head, bodyBytes);
        return head.Kind is FrameKind.Request or FrameKind.Reply && head.Session != 0 && head.Correlation != 0
            && bodyBytes is > 0 and <= FragmentBytesMax && head.Total > bodyBytes;
    }

    private static bool FitsKind(in Head head, int bodyBytes) => head.Kind switch
    {
        FrameKind.Hello => head.Session == 0 && head.Correlation == 0 && bodyBytes == HelloBytes,
        FrameKind.Challenge => head.Session == 0 && head.Correlation == 0 && bodyBytes == ChallengeBytes,
        FrameKind.Proof => head.Session == 0 && head.Correlation == 0 && bodyBytes == MacBytes,
        FrameKind.Welcome => head.Session != 0 && head.Correlation == 0 && bodyBytes == MacBytes,
        FrameKind.Request or FrameKind.Reply or FrameKind.Fault =>
            head.Session != 0 && head.Correlation != 0 && bodyBytes <= WholeBytesMax,
        FrameKind.Rejected => bodyBytes <= SentenceBytesMax,
        FrameKind.Heartbeat => head.Session != 0 && bodyBytes == IdBytes,
        FrameKind.Goodbye => head.Session != 0 && head.Correlation == 0 && bodyBytes <= SentenceBytesMax,
        FrameKind.Leaving => head.Session != 0 && head.Correlation == 0 && bodyBytes == 0,
        FrameKind.Cancel or FrameKind.Credit => head.Session != 0 && head.Correlation != 0 && bodyBytes == 0,
        _ => false,
    };
}

/// <summary>Why a message was refused: the words of a <c>rejected</c> frame, and the labels of the counters.</summary>
internal static class Reasons
{
    public const string Malformed = "malformed";
    public const string Version = "version";
    public const string UnknownSession = "unknown-session";
    public const string FramesLost = "frames-lost";
    public const string Handshake = "handshake";
    public const string Overloaded = "overloaded";
    public const string ShuttingDown = "shutting-down";
    public const string Expired = "expired";
    public const string Duplicate = "duplicate";
    public const string Unexpected = "unexpected";
}
