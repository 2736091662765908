using System.Text;
using CsCheck;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared.Fuzzing;
using Microsoft.Extensions.Logging.Abstractions;
using NetMQ;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>
/// A client before a server that says anything: what it believes comes from one that proved itself, and it is there for the
/// next good one. Its loop is driven pass by pass, under a clock of the test.
/// </summary>
public sealed class NetMqClientFuzzTests
{
    private const int Acts = 18;

    private static readonly Gen<(int Act, uint One, uint Two)[]> AnyScript =
        Gen.Select(Gen.Int[0, Acts - 1], Gen.UInt, Gen.UInt).Array[1, 60];

    [Fact]
    public void Client_WhateverItHears_BelievesOnlyAProvenServerAndFindsTheNextOne()
    {
        var (answered, ended, connections) = (0, 0, 0L);

        Fuzz.Run("client", 60, AnyScript, script =>
        {
            using var bench = new ClientBench();
            foreach (var (act, one, two) in script) bench.Do(act, one, two);
            bench.ServeHonestly();
            answered += bench.Answered;
            ended += bench.Ended;
            connections += bench.Connections;
        });

        // Had it never got so far, it would have shown nothing.
        if (!Fuzz.IsOneCase)
            new[] { answered, ended, connections }.Should().OnlyContain(count => count > 60);
    }

    private sealed class ClientBench : IDisposable
    {
        private static readonly byte[] Key = RoleKeys.FromSecret(Rig.Secret).Find(Roles.Worker)!;
        private static int _clients;

        private readonly NetMqOptions _options = Rig.Settings();
        private readonly RouterSocket _socket = new();
        private readonly ClientLoop _loop;
        private readonly List<PendingCall> _calls = [];
        private readonly HashSet<string> _said = [];
        private readonly UInt128 _serverId = Secrets.NewId();
        private readonly Queue<ulong> _requests = new();
        private byte[] _client = [];
        private byte[]? _hello;
        private byte[] _nonce = new byte[Frames.NonceBytes];
        private byte[][]? _last;
        private UInt128 _session;
        private bool _isChallenged;
        private bool _hasProof;
        private bool _isProven;
        private ulong _sent;
        private long _nowMs = 1_000;

        public ClientBench()
        {
            var endpoint = $"inproc://fuzz-client-{Interlocked.Increment(ref _clients)}";
            _socket.Bind(endpoint);
            _loop = new ClientLoop(
                _options, new ClientIdentity(_options, Roles.Worker), new ClientPlace("queue", endpoint), NullLogger.Instance);
            Turn();
        }

        public int Answered { get; private set; }

        public int Ended => _calls.Count(call => call.IsEnded);

        public long Connections => _loop.Connections;

        public void Do(int act, uint one, uint two)
        {
            Act(act, one, two);
            Turn();
            Answered = 0;
            foreach (var call in _calls.Where(call => call.IsEnded && call.Answer.GetAwaiter().GetResult().IsOk))
            {
                _said.Should().Contain(Text(call), "an answer is one that a proven server gave");
                Answered++;
            }
        }

        /// <summary>Whatever was said before, a good server is found and its answer taken.</summary>
        public void ServeHonestly()
        {
            Act(14, 0, 0);
            var call = _calls[^1];
            for (var round = 0; !call.IsEnded; round++)
            {
                round.Should().BeLessThan(200, "a good server is there");
                if (!_isChallenged) Do(0, 0, 0);
                if (_hasProof && !_isProven) Do(2, 0, 0);
                while (_isProven && _requests.Count > 0) Do(4, 0, 0);
                if (_isProven) Do(9, 0, 0);
                _nowMs += 100;
                Turn();
                // What was lost with an earlier connection is unknown, and not what this is about.
                if (call.IsEnded && !call.Answer.GetAwaiter().GetResult().IsOk)
                {
                    Act(14, 0, 0);
                    call = _calls[^1];
                }
            }
        }

        public void Dispose()
        {
            _loop.Close();
            _socket.Dispose();
        }

        private static string Text(PendingCall call) => Encoding.UTF8.GetString(call.Answer.GetAwaiter().GetResult().Value.Span);

        private void Act(int act, uint one, uint two)
        {
            var session = two % 5 == 4 ? two : _session;
            switch (act)
            {
                case 0:
                    (_nonce, _isChallenged) = (Secrets.NewNonce(), true);
                    Send(new Head(FrameKind.Challenge), [.. Secrets.Bytes(_serverId), .. _nonce]);
                    break;
                case 1:
                    Send(new Head(FrameKind.Challenge), new byte[Frames.ChallengeBytes]);
                    break;
                case 2 or 3 when _hello is { } hello:
                    Welcome(hello, isRight: act == 2);
                    break;
                case 4 or 5:
                    Reply(session, _requests.TryDequeue(out var known) && act == 4 ? known : one);
                    break;
                case 6:
                    Send(new Head(FrameKind.Fault, session, _requests.TryDequeue(out known) ? known : 1), "{\"code\":\"Conflict\",\"message\":7}"u8.ToArray());
                    break;
                case 7:
                    Send(new Head(FrameKind.Rejected, session, 1 + (one % 9)), "overloaded\n"u8.ToArray());
                    break;
                case 8 when one % 4 == 0:
                    Send(new Head(FrameKind.Rejected), "unknown-session"u8.ToArray());
                    break;
                case 9:
                    Send(new Head(FrameKind.Heartbeat, _session, _sent + (one % 8 == 7 ? 1UL : 0)), Secrets.Bytes(_serverId));
                    break;
                case 10 when one % 4 == 0:
                    Send(new Head(FrameKind.Goodbye, session), []);
                    break;
                case 11:
                    Send(new Head(FrameKind.Credit, session, 1 + one), []);
                    break;
                case 12:
                    var flags = (FrameFlags)(1 + (one % 3));
                    Send(new Head(FrameKind.Reply, session, _requests.TryPeek(out known) ? known : 1, 3 + (two % 2), flags), new byte[1 + (two % 3)]);
                    break;
                case 13:
                    var bytes = new byte[one % 90];
                    new Random((int)two).NextBytes(bytes);
                    Send([.. Enumerable.Repeat(bytes, 1 + (int)(two % 4))]);
                    break;
                case 14 or 15:
                    Post((int)(one % 3));
                    break;
                case 16:
                    _nowMs += one % 1_200;
                    break;
                default:
                    if (_last is { } last) Send(last);
                    break;
            }
        }

        private void Welcome(byte[] hello, bool isRight)
        {
            var session = Secrets.NewId();
            var seen = new Transcript(
                Roles.Worker, _serverId, hello[1..(1 + Frames.NonceBytes)], _nonce, Secrets.Id(hello.AsSpan()[^Frames.IdBytes..]));
            var mac = seen.Welcome(Key, session);
            if (!isRight) mac[0] ^= 1;
            var before = _loop.Connections;
            Send(new Head(FrameKind.Welcome, session), mac);
            var earlier = (_session, _isProven, _sent);
            if (isRight) (_session, _isProven, _sent) = (session, true, 0);
            Turn();
            if (_loop.Connections > before) isRight.Should().BeTrue("the client checks who it speaks to");
            else if (_session == session) (_session, _isProven, _sent) = earlier;
        }

        private void Reply(UInt128 session, ulong correlation)
        {
            var text = Guid.NewGuid().ToString();
            if (_isProven && session == _session) _said.Add(text);
            Send(new Head(FrameKind.Reply, session, Math.Max(1, correlation)), Encoding.UTF8.GetBytes(text));
        }

        private void Post(int size)
        {
            var row = (ContractRow)Rig.Store;
            var body = Rig.Store.Encode(new Application.Db.StorePayload(Guid.Empty, new byte[size == 2 ? Frames.WholeBytesMax : 3]));
            _calls.Add(new PendingCall(row, body, _nowMs + 5_000, ""));
            _loop.Post(_calls[^1]);
        }

        private void Send(in Head head, byte[] body) =>
            Send(Frames.Encode(head.Flags == FrameFlags.None ? head with { Total = (uint)body.Length } : head), body);

        private void Send(params byte[][] frames)
        {
            if (_client.Length == 0) return;
            _socket.TrySendMultipartBytes(TimeSpan.Zero, [_client, .. frames]);
            _sent++;
        }

        private void Turn()
        {
            for (var turn = 0; turn < 3; turn++)
            {
                _loop.Pass(_nowMs);
                List<byte[]>? frames = [];
                while (_socket.TryReceiveMultipartBytes(TimeSpan.Zero, ref frames)) Take(frames!);
            }
        }

        private void Take(List<byte[]> frames)
        {
            _last = [.. frames.Skip(1)];
            Frames.TryDecode(frames[1], frames[2].Length, out var head).Should().BeNull("a client sends nothing else");
            if (head.Kind == FrameKind.Hello)
            {
                (_client, _hello, _session, _isChallenged, _hasProof, _isProven) = (frames[0], frames[2], 0, false, false, false);
                _requests.Clear();
            }
            else if (head.Kind == FrameKind.Proof)
            {
                _hasProof = true;
            }
            else if (head.Kind == FrameKind.Request)
            {
                head.Session.Should().Be(_session).And.NotBe(0, "nothing is asked of one who has not proved itself");
                if ((head.Flags & FrameFlags.Continued) == 0) _requests.Enqueue(head.Correlation);
            }
        }
    }
}
