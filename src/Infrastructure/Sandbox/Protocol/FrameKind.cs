namespace FaaS.Infrastructure.Sandbox.Protocol;

// The frame map. Everything between the agent and a child is a frame; both sides come from one build, so there is no
// version negotiation, only the version in `ready`. Numbers are little-endian. Payloads (source, arguments, value,
// message, logs) are opaque UTF-8.
//
//   frame    u32 length of the body | u8 kind | body
//
//   agent to child, one at a time: the next only after `ended` or `checked`
//     1 run      u16 slot | u8 flags (1: source attached) | u8 evictions n | u32 memory MiB | i64 timeout us
//                | i32 result bytes max | i32 log bytes max | i32 source length | i32 environment length
//                | n x u16 evicted slot | source | environment: a JSON object of strings, or nothing
//                | arguments: a JSON array
//     2 check    the same body without environment and arguments: evaluate the attached source, call nothing, keep nothing
//
//   child to agent
//     16 ready   u32 version | walls that do not stand, a line each, "name: why": sent once, when the child has warmed
//                itself up and shut itself in
//     17 logs    log lines as JSON objects separated by commas; a continuation of the run's earlier ones
//     18 ended   u8 outcome | u8 result kind | u8 flags (1: retire this child) | u8 0 | u32 load time us
//                | i32 value length | i32 name length | i32 message length | i32 stack length, -1 for none
//                | value | error name | error message | error stack | logs, as in 17
//     19 checked u8 is a function | u8 flags (1: retire this child) | i32 line, 0 unknown | i32 column, 0 unknown
//                | message
//
// Slots: the agent decides which compiled scripts a child keeps, and under which number, so the two never disagree.
// A length above the reader's limit, an unknown kind or a body too short for its kind is a bad frame: the agent kills
// a child that sends one and the attempt is `crashed`; a child that receives one exits.
internal enum FrameKind : byte
{
    Run = 1,
    Check = 2,
    Ready = 16,
    Logs = 17,
    Ended = 18,
    Checked = 19,
}

/// <summary>The other side sent what is not a frame; nothing after it can be trusted.</summary>
internal sealed class BadFrameException(string message) : Exception(message);

/// <summary>Sizes both sides agree on.</summary>
internal static class FrameLimits
{
    public const int HeaderBytes = 5;
    public const uint Version = 4;

    /// <summary>Compiled scripts a child keeps at most.</summary>
    public const int Slots = 64;

    /// <summary>The largest run frame: source and arguments at the frontend's limits, with room to raise them.</summary>
    public const int RunBytesMax = 8 << 20;

    /// <summary>What an <c>ended</c> frame may hold beside its value and its logs: name, message and stack.</summary>
    public const int EndedOverheadBytes = 256 << 10;
}
