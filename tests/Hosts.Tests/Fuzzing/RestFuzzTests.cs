using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Fuzzing;

namespace FaaS.Hosts.Tests.Fuzzing;

/// <summary>
/// REST as anybody on the network can speak to it: odd, damaged, cut off, slow and pipelined requests over sockets of their own.
/// Whatever is answered is HTTP, has a status and a code of docs/api.md, and leaves the platform as it was.
/// </summary>
[Collection(SharedDeploymentTests.Name)]
public sealed partial class RestFuzzTests(SharedDeployment shared)
{
    private const int Cases = 20;
    private const int ConnectionsAtATime = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>What the HTTP server refuses by itself, without a body.</summary>
    private static readonly int[] BareStatuses = [400, 405, 408, 411, 413, 414, 431, 505];

    private static readonly Dictionary<string, int> Statuses = DocumentedCodes();

    private readonly FaasClient _client = shared.Client;
    private int _enveloped;
    private int _bare;
    private int _closed;
    private readonly ConcurrentDictionary<int, int> _seen = new();

    [Fact]
    public async Task Rest_WhateverItIsSent_AnswersAsDocumentedAndServesTheNext()
    {
        var user = $"fz-{Guid.NewGuid():n}";
        await Fuzz.RunAsync("rest", Cases, AnyRequest.Of(user).Array[ConnectionsAtATime], async sent =>
        {
            var job = await PrepareAsync(user);
            await Task.WhenAll(sent.Select(one => CheckAsync(one.Of(job))));
            await ServesAsync($"{user}-n");
        }, _ => "");

        if (!Fuzz.IsOneCase) new[] { _enveloped, _bare, _closed }.Should().OnlyContain(count => count > 10);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{_closed} connections closed without an answer, {_bare} bare answers; by status: "
            + string.Join(", ", _seen.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
        await _client.DeleteAsync($"/u/{user}");
    }

    /// <summary>A job of the user, whom one of the requests before may have deleted or replaced, as it may have its function.</summary>
    private async Task<string> PrepareAsync(string user)
    {
        if ((await _client.GetAsync($"/u/{user}/fn/add")).Status != HttpStatusCode.OK)
            await _client.RegisterAsync(user, "add", "(a, b) => a + b");
        return await _client.SubmitAsync(user, "add", "[1,2]");
    }

    /// <summary>A neighbour, of whom the requests know nothing, is served as ever.</summary>
    private async Task ServesAsync(string neighbour)
    {
        if ((await _client.GetAsync($"/u/{neighbour}/fn/add")).Status != HttpStatusCode.OK)
            await _client.RegisterAsync(neighbour, "add", "(a, b) => a + b");
        (await _client.RunAsync(neighbour, "add", "[20,3]")).Json.GetProperty("result").GetString().Should().Be("23");
    }

    private async Task CheckAsync(Sent sent)
    {
        var came = await ExchangeAsync(sent);
        try
        {
            var answers = HttpByTheBook.Read(came, hasNoBodies: Encoding.Latin1.GetString(sent.Bytes).Contains("HEAD ", StringComparison.Ordinal));
            if (answers.Count == 0) Interlocked.Increment(ref _closed);
            foreach (var answer in answers) Check(answer);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException(
                $"{error.Message}\nsent {sent}\nin hex {Convert.ToHexStringLower(sent.Bytes)}\ncame {Encoding.UTF8.GetString(came)}", error);
        }
    }

    private void Check(HttpAnswer answer)
    {
        _seen.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
        if (!answer.Headers.ContainsKey("x-request-id"))
        {
            answer.Body.Should().BeEmpty("the platform has not seen it");
            answer.Status.Should().BeOneOf(BareStatuses);
            Interlocked.Increment(ref _bare);
            return;
        }
        Interlocked.Increment(ref _enveloped);
        if (!answer.Headers.TryGetValue("content-type", out var type)) throw new InvalidOperationException("It is of no type.");
        if (type.StartsWith("text/plain", StringComparison.Ordinal) || !answer.IsWhole || answer.Body.Length == 0)
        {
            answer.Status.Should().BeOneOf([.. Statuses.Values, 200, 202]);
            answer.Status.Should().NotBe(500);
            return;
        }
        JsonByTheBook.TryRead(answer.Body, 600, out var body).Should().BeTrue("it is JSON");
        var envelope = body.Should().BeOfType<Dictionary<string, object?>>().Subject;
        envelope.Should().ContainKey("res");
        if (envelope["error"] is false)
        {
            answer.Status.Should().BeOneOf(200, 202);
            return;
        }
        var code = envelope["code"].Should().BeOfType<string>().Subject;
        Statuses.Should().Contain(code, answer.Status);
        code.Should().NotBe("internal");
        var says = envelope["res"].Should().BeOfType<string>().Subject;
        // What a parser says of a source is its own.
        if (code == "invalid_source") says.Should().NotBeNullOrWhiteSpace();
        else says.Should().EndWith(".", "it is a sentence");
        if (answer.Status == 405) answer.Headers.Should().ContainKey("allow");
        if (answer.Status == 503) answer.Headers.Should().ContainKey("retry-after");
    }

    /// <summary>Sends, listens until the server has nothing to add, says that nothing more comes, and listens to the end.</summary>
    private async Task<byte[]> ExchangeAsync(Sent sent)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, shared.Deployment.Url.Port);
        var came = new MemoryStream();
        try
        {
            await SendAsync(socket, sent);
            var receiving = ReceiveAsync(socket, came);
            // A server that could answer has done so by then, or shortly after it hears that this was all.
            if (await Task.WhenAny(receiving, Task.Delay(Pause)) != receiving) socket.Shutdown(SocketShutdown.Send);
            await receiving.WaitAsync(Patience);
        }
        catch (SocketException)
        {
            // Reset: it would not read the rest of what it had refused.
        }
        return came.ToArray();
    }

    private static async Task SendAsync(Socket socket, Sent sent)
    {
        ReadOnlyMemory<byte> bytes = sent.Manner == Manner.CutOff ? sent.Bytes.AsMemory(0, sent.Bytes.Length * 2 / 3) : sent.Bytes;
        var piece = sent.Manner == Manner.Slowly ? Math.Max(1, bytes.Length / 5) : Math.Max(1, bytes.Length);
        for (; bytes.Length > 0; bytes = bytes[Math.Min(piece, bytes.Length)..])
        {
            await socket.SendAsync(bytes[..Math.Min(piece, bytes.Length)]);
            if (sent.Manner == Manner.Slowly) await Task.Delay(2);
        }
        if (sent.Manner == Manner.CutOff) socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task ReceiveAsync(Socket socket, MemoryStream came)
    {
        var buffer = new byte[16 << 10];
        while (await socket.ReceiveAsync(buffer) is var count and > 0) came.Write(buffer, 0, count);
    }

    /// <summary>The table of docs/api.md: which status a code comes with; and what Keys says of the two it adds.</summary>
    private static Dictionary<string, int> DocumentedCodes()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs/api.md"));
        var table = text[text.IndexOf("## Codes", StringComparison.Ordinal)..];
        var codes = new Dictionary<string, int> { ["unauthorized"] = 401, ["forbidden"] = 403 };
        foreach (Match row in Row().Matches(table))
            foreach (Match code in Code().Matches(row.Groups[2].Value))
                codes.TryAdd(code.Groups[1].Value, int.Parse(row.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
        codes.Should().HaveCountGreaterThan(12);
        return codes;
    }

    [GeneratedRegex(@"^\| (\d{3}) \| (.*)$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Code();
}
