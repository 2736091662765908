using System.Text;
using CsCheck;
using FaaS.Application.Messaging;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared.Fuzzing;
using Microsoft.Extensions.Logging.Abstractions;
using NetMQ.Sockets;

namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>
/// A server between an honest peer and four who are not: two without any key, one with a stolen worker's key that it uses
/// well, and one that has it and does everything else. Its loop is driven pass by pass, under a clock of the test.
/// </summary>
public sealed class NetMqServerFuzzTests
{
    private const int Honest = 0;
    private const int Peers = 5;
    private const int Acts = 19;

    /// <summary>Who does what, and three numbers to do it with.</summary>
    private static readonly Gen<(int Peer, int Act, uint One, uint Two)[]> AnyScript =
        Gen.Select(Gen.OneOf(1, 2, 3, 3, 4, 4, 4, 4), Gen.Int[0, Acts - 1], Gen.UInt, Gen.UInt).Array[1, 80];

    [Fact]
    public void Server_WhateverItIsSent_HonoursOnlyWhoProvedItselfAndServesTheHonest()
    {
        var (requests, refused, handshakes, gone) = (0L, 0L, 0L, 0);

        Fuzz.Run("server", 60, AnyScript, script =>
        {
            using var bench = new ServerBench();
            bench.JoinHonest();
            // Half of the time the others have begun before.
            if (script.Length % 2 == 0) bench.JoinOthers();
            foreach (var (peer, act, one, two) in script)
            {
                bench.Do(peer, act, one, two);
                if (one % 4 == 0) bench.ServeHonest();
            }
            bench.ServeHonest();
            requests += bench.Counts.Requests - (long)bench.Served;
            refused += bench.Counts.FramesRefused;
            handshakes += bench.Counts.HandshakesRefused;
            gone += bench.Gone;
        });

        // Had nobody got so far, it would have shown nothing.
        if (!Fuzz.IsOneCase)
            new[] { requests, refused, handshakes, gone }.Should().OnlyContain(count => count > 20);
    }

    /// <summary>Each fragment is owed a credit. Who sends them by the thousand and reads nothing was kept them all.</summary>
    [Fact]
    public void Server_WhenAPeerReadsNothingOfWhatItIsOwed_LetsItGo()
    {
        using var bench = new ServerBench();
        bench.JoinHonest();

        bench.Flood();

        bench.ServeHonest();
        bench.Counts.Peers.Should().Be(1);
    }

    private sealed class ServerBench : IDisposable
    {
        private static readonly RoleKeys Keys = RoleKeys.FromSecret(Rig.Secret);
        private static int _servers;

        private readonly NetMqOptions _options = Rig.Settings(options =>
            (options.HandshakesMax, options.SessionsMax, options.PeerRequestsMax, options.RequestsMax, options.PeerBytesMax) = (3, 5, 8, 16, 64 << 10));

        private readonly RouterSocket _socket = new();
        private readonly ServerState _state;
        private readonly ServerLoop _loop;
        private readonly FuzzPeer[] _peers;
        private readonly HashSet<UInt128> _proven = [];
        private long _nowMs = 1_000;

        public ServerBench()
        {
            var endpoint = $"inproc://fuzz-{Interlocked.Increment(ref _servers)}";
            _socket.Options.RouterMandatory = true;
            _socket.Bind(endpoint);
            _state = new ServerState(_options, Keys, NullLogger.Instance);
            var answering = new Answering(Rig.Served, new ScriptedMediator(Rig.Answer), NullLogger.Instance);
            _loop = new ServerLoop(_options, answering, _state, _socket);
            var worker = Keys.Find(Roles.Worker);
            _peers =
            [
                new FuzzPeer(endpoint, worker, Roles.Worker), new FuzzPeer(endpoint, null, Roles.Worker), new FuzzPeer(endpoint, null, Roles.Queue),
                new FuzzPeer(endpoint, worker, Roles.Worker), new FuzzPeer(endpoint, worker, Roles.Worker),
            ];
        }

        public NetMqServerCounts Counts => _state.Counts;

        /// <summary>Requests of the honest peer.</summary>
        public ulong Served => _peers[Honest].Correlation;

        /// <summary>Sessions that ended.</summary>
        public int Gone => _proven.Count - _state.Peers.Count;

        public void JoinHonest() => Join(_peers[Honest]);

        public void JoinOthers()
        {
            foreach (var peer in _peers.Where(peer => peer is { Key: not null, Session: var session } && session == 0)) Join(peer);
        }

        /// <summary>A peer with a key that sends fragments of nothing and reads no credit for them.</summary>
        public void Flood()
        {
            const int Fragments = 4_000;
            var peer = _peers[^1];
            Join(peer);
            (peer.IsDeaf, peer.Correlation) = (true, 1);
            for (var at = 0; at < Fragments; at++)
            {
                Fragment(peer, 2, 1);
                if (at % 500 == 0) Turn(null);
            }
            Turn(null);
            Bounds();
        }

        /// <summary>Whatever the others do, it gets its answer and keeps its session.</summary>
        public void ServeHonest()
        {
            var honest = _peers[Honest];
            honest.Heartbeat();
            var correlation = ++honest.Correlation;
            var id = Guid.NewGuid();
            honest.Request("db.store-payload/1", correlation, $$"""{"id":"{{id}}","bytes":"AQID"}""", honest.Session, 60_000);
            Turn(() => honest.Answers.Count > 0);
            var (head, body) = honest.Answers.Dequeue();
            (head.Kind, head.Correlation, head.Session).Should().Be((FrameKind.Reply, correlation, honest.Session), Encoding.UTF8.GetString(body));
            Encoding.UTF8.GetString(body).Should().Contain(id.ToString());
        }

        /// <summary>One act of one peer, and what must hold after it.</summary>
        public void Do(int number, int act, uint one, uint two)
        {
            var peer = _peers[number];
            var before = _state.Counts.Requests;
            var isProven = _proven.Contains(peer.Session) && _state.Find(peer.Id)?.Session == peer.Session;
            Act(peer, act, one, two);
            Turn(null);
            foreach (var known in _state.Peers.Where(known => !_proven.Contains(known.Session)))
            {
                var owner = _peers.Single(owner => owner.Id == known.Id);
                owner.Key.Should().NotBeNull("nobody else can prove anything");
                (act is 3 or 4 && owner == peer).Should().BeTrue("a session begins with a proof");
                known.Role.Should().Be(Roles.Worker);
                _proven.Add(known.Session);
            }
            (_state.Counts.Requests - before).Should().BeInRange(0, isProven ? 1 : 0, "{0} of peer {1}", act, number);
            Bounds();
        }

        public void Dispose()
        {
            _loop.Close();
            foreach (var peer in _peers) peer.Dispose();
        }

        private void Join(FuzzPeer peer)
        {
            peer.Hello(Roles.Worker, peer.Id);
            Turn(() => peer.ServerId.AsSpan().ContainsAnyExcept((byte)0));
            peer.Prove();
            Turn(() => peer.Session != 0);
            _proven.Add(peer.Session);
        }

        private void Act(FuzzPeer peer, int act, uint one, uint two)
        {
            var other = _peers[one % Peers];
            switch (act)
            {
                case 0:
                    peer.Hello(peer.Role, peer.Id);
                    break;
                case 1:
                    peer.Hello((Roles)(byte)one, two % 2 == 0 ? peer.Id : other.Id);
                    break;
                case 2:
                    peer.Send(new Head(FrameKind.Proof), two % 2 == 0 ? other.LastProof : new byte[Frames.MacBytes]);
                    break;
                case 3:
                    peer.Hello(peer.Role, peer.Id);
                    Turn(null);
                    peer.Prove();
                    break;
                case 4:
                    peer.Prove();
                    break;
                case 5:
                    peer.Request("db.read-source/1", one, """{"hash":"00112233445566778899aabbccddeeff"}""", other.Session, two);
                    break;
                case 6:
                    peer.Request(two % 2 == 0 ? "db.read-source/1" : "db.take-epoch/1", ++peer.Correlation, "{}", peer.Session, 1_000);
                    break;
                case 7:
                    peer.Request("queue.watch-leases/1", ++peer.Correlation, $$"""{"worker":"{{Guid.NewGuid()}}","waitMs":60000}""", peer.Session, two % 5_000);
                    break;
                case 8:
                    peer.Send([.. Pieces(one, two)]);
                    break;
                case 9:
                    Damaged(peer, other, one, two);
                    break;
                case 10:
                    peer.Heartbeat(one % 3);
                    break;
                case 11:
                    peer.Send(new Head((FrameKind)(10 + (one % 4)), peer.Session, one % 4 is 1 or 2 ? 1 + (two % 9) : 0));
                    break;
                case 12 or 13 or 14:
                    Fragment(peer, one, two);
                    break;
                case 15:
                    // Whoever is honest is heard in time.
                    _peers[Honest].Heartbeat();
                    Turn(null);
                    _nowMs += one % 1_500;
                    break;
                case 16 when peer.Last is { } last:
                    peer.Send(last);
                    break;
                case 17:
                    for (var at = 0; at < 200; at++) Fragment(peer, 2, two);
                    break;
                default:
                    peer.Send(new Head((FrameKind)(byte)one, peer.Session, two % 3, Name: "db.read-source/1", RemainingMs: 5), [1, 2]);
                    break;
            }
        }

        private static void Fragment(FuzzPeer peer, uint one, uint two)
        {
            var flags = (FrameFlags)(1 + (one % 3));
            var isFirst = (flags & FrameFlags.Continued) == 0;
            if (isFirst || peer.Correlation == 0) peer.Correlation++;
            peer.Send(
                new Head(FrameKind.Request, peer.Session, peer.Correlation - (one % 7 == 0 ? 1UL : 0), 4 + (two % 3), flags, isFirst ? 5_000u : 0, isFirst ? "db.read-source/1" : ""),
                new byte[1 + (two % 3)]);
        }

        private static void Damaged(FuzzPeer peer, FuzzPeer other, uint one, uint two)
        {
            var session = one % 3 == 0 ? other.Session : peer.Session;
            byte[] head = Frames.Encode(new Head(FrameKind.Request, session, ++peer.Correlation, 2, RemainingMs: 500, Name: "db.read-source/1"));
            head[two % (uint)head.Length] ^= (byte)(1 << (int)(one % 8));
            peer.Send(head, "{}"u8.ToArray());
        }

        private static IEnumerable<byte[]> Pieces(uint one, uint two)
        {
            var random = new Random((int)one);
            for (var left = 1 + (two % 5); left > 0; left--)
            {
                var bytes = new byte[random.Next(80)];
                random.NextBytes(bytes);
                if (bytes.Length > 1 && two % 2 == 0) bytes[0] = Frames.Version;
                yield return bytes;
            }
        }

        /// <summary>Lets the server work: for a while, or until something has come about.</summary>
        private void Turn(Func<bool>? until)
        {
            var deadline = Environment.TickCount64 + 20_000;
            for (var turn = 0; turn < 3 || until?.Invoke() == false; turn++)
            {
                if (Environment.TickCount64 > deadline) throw new TimeoutException("The honest peer waits for ever.");
                // A thousand passes without an end are a wait for the thread pool.
                if (turn > 3) Thread.Yield();
                _loop.Pass(_nowMs);
                foreach (var peer in _peers.Where(peer => !peer.IsDeaf)) peer.Listen();
            }
        }

        private void Bounds()
        {
            var counts = _state.Counts;
            counts.Peers.Should().BeInRange(1, _options.SessionsMax);
            counts.HalfOpen.Should().BeInRange(0, _options.HandshakesMax);
            counts.Outstanding.Should().BeInRange(0, _options.RequestsMax);
            foreach (var peer in _state.Peers)
            {
                peer.Calls.Count.Should().BeLessThanOrEqualTo(_options.PeerRequestsMax);
                peer.Assembler.Count.Should().BeLessThanOrEqualTo(Assembler.PartialsMax);
                peer.Outbox.Bytes.Should().BeInRange(0, _options.PeerBytesMax);
            }
        }
    }
}
