using System.Globalization;
using System.Text;
using CsCheck;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Hosts.Tests.Fuzzing;

/// <summary>How a connection's bytes are sent.</summary>
public enum Manner
{
    /// <summary>In one go.</summary>
    Whole,

    /// <summary>In small pieces, with pauses.</summary>
    Slowly,

    /// <summary>The end is missing.</summary>
    CutOff,
}

/// <summary>What goes over one connection.</summary>
public sealed record Sent(byte[] Bytes, Manner Manner)
{
    /// <summary>Stands for the id of a job that is there, which is another one each time.</summary>
    public const string AnyJob = "eeeeeeeeeeeeeeeeeeeeeeee";

    /// <summary>The same about a job that is there.</summary>
    public Sent Of(string job) => this with { Bytes = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(Bytes).Replace(AnyJob, job, StringComparison.Ordinal)) };

    public override string ToString() => $"{Manner}: {Encoding.Latin1.GetString(Bytes).ReplaceLineEndings("⏎\n")}";
}

/// <summary>Makes requests as no client should: of odd parts, put together in odd ways, and damaged.</summary>
internal static class AnyRequest
{
    private static readonly string[] Methods =
        ["GET", "GET", "POST", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "TRACE", "get", "BREW", "CONNECT"];

    /// <summary>What there is.</summary>
    private static readonly string[] Routes =
    [
        "GET /u/{0}/time", "GET /u/{0}/fn", "GET /u/{0}/fn/add", "GET /j/{1}", "GET /j/{1}/res", "GET /j/{1}/info", "GET /j/{1}/logs", "GET /autoscaler/decisions",
        "GET /health/live", "GET /health/ready", "POST /u/{0}/fn/odd", "POST /u/{0}/fn/add/run", "POST /u/{0}/fn/odd/run", "POST /u/{0}/keys", "GET /u/{0}/keys",
        "DELETE /u/{0}/fn/odd", "DELETE /j/{1}", "POST /u/{0}", "DELETE /u/{0}/keys/0123456789ab", "GET /u/{0}/quotas", "PUT /u/{0}/quotas", "GET /u/{0}/fn/odd/config", "PUT /u/{0}/fn/odd/config",
        "GET /audit",
    ];

    private static readonly string[] Paths =
    [
        "/u/{0}", "/u/{0}/time", "/u/{0}/fn", "/u/{0}/fn/add", "/u/{0}/fn/add/run", "/u/{0}/fn/odd", "/u/{0}/fn/odd/run", "/u/{0}/keys", "/u/{0}/keys/0123456789ab",
        "/j/000000000000000000000000", "/j/{1}", "/j/{1}/res", "/j/{1}/info", "/j/{1}/logs", "/autoscaler/decisions", "/health/live", "/health/ready", "/", "*", "",
        "//", "/u/{0}/../{0}", "/u/%2e%2e/{0}", "/u/{0}%2ffn", "/u/{0}/fn/%00", "/u/{0}/fn/%zz", "/u/{0}/fn/%ff%fe", "/u/%F0%9F%8E%88", "/u/ü", "/U/{0}/FN/add", "/u/{0}/fn/add/",
        "http://other/u/{0}", "/u/{0}/./fn/add", "/j/{1}/res/", "/u/{0};x=1/fn", "/u/{0}/fn/add\\run", "/%75/{0}", "/u/{0}/fn/$", "/u/{0}/fn/a%20b",
    ];

    private static readonly string[] Queries =
    [
        "", "", "", "", "", "", "", "", "", "?", "?wait=1ms", "?wait=0", "?wait=-1", "?wait=99999999999s", "?wait=1ms&wait=2ms", "?limit=1", "?limit=1001", "?limit=%00", "?before=1&changes=maybe",
        "?wait=%ff", "?wait", "?=&&=?", "?changes=true&limit=5", "?wait=1ms#top", "?x=%", "?wait=１ms",
    ];

    private static readonly string[] Headers =
    [
        "X-Request-Id: mine", "X-Request-Id: ", "X-Request-Id: a b\tc", "Prefer: wait=0", "Prefer: respond-async", "Prefer: wait=1, respond-async", "Prefer: wait=x", "Prefer: wait=1",
        "Accept: text/plain", "Accept: */*;q=2", "Authorization: Bearer faas_x", "Authorization: Basic", "Authorization: ", "Expect: 100-continue", "Expect: more", "Connection: close",
        "Connection: upgrade\r\nUpgrade: websocket", "Content-Type: application/json", "Content-Type: \"", "Content-Encoding: gzip", "Host: other", "Cookie: a=b; c", "Range: bytes=0-1",
        "If-None-Match: *", "Content-Length: 3", "Content-Length: 1, 1", "Content-Length: -1", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "X-Forwarded-For: ü", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "traceparent: 00-x",
        " folded: 1", "no colon", "a:", ": b",
    ];

    private static readonly byte[][] Bodies =
    [
        .. new[]
        {
            "", "[]", "[1,2]", "[\"ü☃🎈\",{\"a\":null}]", "(a, b) => a + b", "function odd(x) {\n return [x];\n}", "() => { throw new Error('no') }", "{\"name\":\"k\",\"scopes\":[\"admin\"]}", "{\"weight\":2,\"jobs\":1e400}", "{", "[1,", "\uFEFF[1]", "a+;",
            "() => 'x'.repeat(70000)", "[\"" + new string('y', 20_000) + "\"]",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "%00", "%", "%2F", "..", "//", "\r\n", "\r", "\n", " ", "\t", ":", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.0", "HTTP/9.9", "HTTP/1.1\r\n",
            "Connection: close\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "2;a=b\r\n", "2\r\n[]\r\n", "-1\r\n", "\r\n\r\n", "ü", "?", "#", "@", "\0", "\u007F", new string('a', 9_000),
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>Bytes for a connection of their own: one request or two, or three.</summary>
    /// <param name="user">A user of the test's own, with the functions <c>add</c> and sometimes <c>odd</c>.</param>
    public static Gen<Sent> Of(string user)
    {
        var bodies = Gen.Frequency((3, Gen.OneOf(Bodies)), (2, Damage.Of(Bodies, Damage.TextWords)));
        var lines = Gen.Frequency(
            (3, Gen.OneOf(Routes)), (2, Gen.Select(Gen.OneOf(Methods), Gen.OneOf(Paths), (method, path) => $"{method} {path}")));
        var request = Gen.Select(
            lines, Gen.OneOf(Queries), Gen.Frequency((4, Gen.Const(Array.Empty<string>())), (2, Gen.OneOf(Headers).Array[1, 2])), bodies, Gen.Int[0, 9],
            (line, query, headers, body, length) =>
                Bytes(string.Format(CultureInfo.InvariantCulture, line, user, Sent.AnyJob) + query, headers, body, length));
        var several = Gen.Frequency((4, request), (1, request.Array[2, 3].Select(requests => requests.SelectMany(bytes => bytes).ToArray())));
        var damaged = several.SelectMany(bytes => Damage.Of([bytes], Words, 2));
        return Gen.Select(
            Gen.Frequency((3, several), (2, damaged)), Gen.Frequency((7, Gen.Const(Manner.Whole)), (1, Gen.Const(Manner.Slowly)), (2, Gen.Const(Manner.CutOff))),
            (bytes, manner) => new Sent(bytes, manner));
    }

    /// <summary>The request with a length that is right, missing, in chunks, or another.</summary>
    private static byte[] Bytes(string line, string[] headers, byte[] body, int length)
    {
        var head = new StringBuilder().Append(line).Append(" HTTP/1.1\r\nHost: fuzz\r\n");
        foreach (var header in headers) head.Append(header).Append("\r\n");
        if (length == 1) head.Append("Transfer-Encoding: chunked\r\n");
        else if (length != 2 && (body.Length > 0 || line.StartsWith("POST", StringComparison.Ordinal)))
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length + (length == 3 ? 7 : 0)}\r\n");
        var start = Encoding.UTF8.GetBytes(head.Append("\r\n").ToString());
        return length == 1
            ? [.. start, .. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8]
            : [.. start, .. body];
    }
}
