using System.Collections.Concurrent;
using System.Reflection;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;
using FaaS.Tests.Shared.Net;

namespace FaaS.Infrastructure.Tests.NetMq;

public sealed class NetMqFaultTests
{
    private static readonly byte[] WorkerKey = RoleKeys.FromSecret(Rig.Secret).Find(Roles.Worker)!;

    [Fact]
    public async Task Server_WhenItIsReplaced_EndsWhatWasSentAsUnknownAndRunsNoOldFrame()
    {
        var old = new TaskCompletionSource();
        await using var rig = await Rig.StartAsync(async (_, end) =>
        {
            old.TrySetResult();
            await Task.Delay(Timeout.Infinite, end);
            return new object();
        });
        var client = await rig.ConnectAsync();
        var parked = Enumerable.Range(0, 4).Select(_ => client.WatchAsync()).ToArray();
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 4);
        var executed = new ConcurrentBag<string>();

        await rig.ReplaceServerAsync((request, end) =>
        {
            executed.Add(request.GetType().Name);
            return Rig.Answer(request, end);
        });

        foreach (var call in parked) (await call).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        (await client.ReadAsync()).IsOk.Should().BeTrue();
        executed.Should().Equal(nameof(ReadSource));
        client.Counts.Connections.Should().Be(2);
    }

    [Fact]
    public async Task Server_ThatStopsWithItsPeer_AnswersItUntilItHasGone()
    {
        await using var rig = await Rig.StartAsync(options: Rig.Settings(options => options.LeaveNotice = Rig.Long));
        var leaving = await rig.ConnectAsync();
        leaving.AnnounceLeaving();

        var stopping = rig.Server.StopAsync(default);
        var answered = await leaving.ReadAsync();
        var stoppedEarly = stopping.IsCompleted;
        await leaving.DisposeAsync();
        await stopping;

        answered.IsOk.Should().BeTrue("it still has something to say");
        stoppedEarly.Should().BeFalse();
    }

    [Fact]
    public async Task Server_ThatStopsAlone_DoesNotWaitForThoseThatStay()
    {
        await using var rig = await Rig.StartAsync(options: Rig.Settings(options =>
            (options.LeaveNotice, options.LeaveTimeout) = (TimeSpan.Zero, TimeSpan.FromMinutes(10))));
        var staying = await rig.ConnectAsync();

        await rig.Server.StopAsync(default);

        (await staying.ReadAsync(TimeSpan.FromMilliseconds(300))).IsOk.Should().BeFalse("nobody is there any more");
    }

    [Fact]
    public async Task Garbage_FromAStranger_IsCountedAndAGoodClientGoesOn()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync();
        using var stranger = new RawPeer(rig.Server.Endpoint);
        var random = new Random(1);
        for (var at = 0; at < 200; at++)
        {
            var frames = new byte[random.Next(1, 6)][];
            for (var frame = 0; frame < frames.Length; frame++)
            {
                frames[frame] = new byte[random.Next(0, 80)];
                random.NextBytes(frames[frame]);
                if (frames[frame].Length > 0 && at % 2 == 0) frames[frame][0] = Frames.Version;
            }
            stranger.Send(frames);
        }

        await Eventually.HoldsAsync(() => rig.Server.Counts.FramesRefused == 200);

        (await client.ReadAsync()).IsOk.Should().BeTrue();
        client.Counts.Connections.Should().Be(1);
    }

    [Fact]
    public async Task Garbage_InASession_EndsOnlyThatSession()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);

        peer.Send([Frames.Version, 99], [], []);
        peer.ReceiveRejection().Should().Be(Reasons.Malformed);
        peer.Send([2, 5], []);
        peer.ReceiveRejection().Should().Be(Reasons.Version);

        (await client.ReadAsync()).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Identity_ThatASecondPeerClaims_LeavesTheFirstAlone()
    {
        await using var rig = await Rig.StartAsync();
        using var first = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);
        using var second = new RawPeer(rig.Server.Endpoint, first.Identity);
        second.Hello(Roles.Worker);

        first.Request("db.read-source/1", 1, """{"hash":"00112233445566778899aabbccddeeff"}""");

        first.Receive().Head.Kind.Should().Be(FrameKind.Reply);
    }

    [Fact]
    public async Task Identity_ThatRouterWouldGiveNext_DoesNotTakeTheServerDown()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            using var claimer = new RawPeer(rig.Server.Endpoint, NextAutomaticId(rig.Server));
            claimer.Send([1], [2]);
            await Eventually.HoldsAsync(() => rig.Server.Counts.FramesRefused > 0);
            using var anonymous = new RawPeer(rig.Server.Endpoint, isAnonymous: true);
            anonymous.Send([1], [2]);

            (await client.ReadAsync()).IsOk.Should().BeTrue();
        }
        (await (await rig.ConnectAsync()).ReadAsync()).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task LargeAnswer_WhileItWaitsForCredit_LetsSmallOnesPass()
    {
        await using var rig = await Rig.StartAsync((request, end) => request is ReadSource
            ? Task.FromResult<object>(Result<SourceText>.Ok(new SourceText(new byte[1_100_000]))) : Rig.Answer(request, end));
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);
        peer.Request("db.read-source/1", 1, """{"hash":"00112233445566778899aabbccddeeff"}""");
        for (var at = 0; at < Outbox.FragmentsInFlightMax; at++) peer.Receive().Head.Flags.HasFlag(FrameFlags.More).Should().BeTrue();

        for (ulong id = 2; id < 12; id++)
            peer.Request("db.store-payload/1", id, """{"id":"00000000-0000-0000-0000-000000000000","bytes":"AQ=="}""");
        var between = Enumerable.Range(0, 10).Select(_ => peer.Receive().Head).ToArray();
        for (var at = 0; at < Outbox.FragmentsInFlightMax; at++) peer.Send(new Head(FrameKind.Credit, peer.Session, 1));
        var rest = new List<Head>();
        do
        {
            rest.Add(peer.Receive().Head);
            peer.Send(new Head(FrameKind.Credit, peer.Session, 1));
        }
        while (rest[^1].Flags.HasFlag(FrameFlags.More));

        between.Should().OnlyContain(head => head.Kind == FrameKind.Reply && head.Correlation > 1);
        rest.Should().OnlyContain(head => head.Correlation == 1 && head.Flags.HasFlag(FrameFlags.Continued));
    }

    [Fact]
    public async Task Peer_ThatFallsSilent_IsGoneAndWhatRanForItEnds()
    {
        var cancelled = new TaskCompletionSource();
        await using var rig = await Rig.StartAsync(async (_, end) =>
        {
            end.Register(() => cancelled.TrySetResult());
            await Task.Delay(Timeout.Infinite, end);
            return new object();
        }, Rig.Settings(options => options.Heartbeat = TimeSpan.FromMilliseconds(200)));
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);
        peer.Request("queue.watch-leases/1", 1, """{"worker":"0f8fad5b-d9cb-469f-a165-70867728950e","waitMs":60000}""");

        await cancelled.Task;

        await Eventually.HoldsAsync(() => rig.Server.Counts is { Peers: 0, Outstanding: 0 });
    }

    [Fact]
    public async Task Connection_WhenItIsCut_EndsWhatWasSentAndComesBack()
    {
        await using var rig = await Rig.StartAsync(Parking, Fast());
        await using var proxy = new TcpProxy(rig.Server.Port);
        var client = await rig.ConnectAsync(port: proxy.Port);
        var parked = client.WatchAsync();
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 1);

        // What the server sends meanwhile is lost, which is what the counts of the heartbeats find out.
        proxy.Drop(Way.ToClient);
        await Eventually.HoldsAsync(() => proxy.Swallowed(Way.ToClient) > 0);
        proxy.Cut();
        proxy.Resume(Way.ToClient);

        (await parked).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        (await client.ReadAsync()).IsOk.Should().BeTrue();
    }

    [Theory]
    [InlineData(Way.ToServer)]
    [InlineData(Way.ToClient)]
    public async Task Connection_WhenBytesAreSwallowed_ComesBack(Way way)
    {
        await using var rig = await Rig.StartAsync(Parking, Fast());
        await using var proxy = new TcpProxy(rig.Server.Port);
        var client = await rig.ConnectAsync(port: proxy.Port);

        proxy.Drop(way);
        await Eventually.HoldsAsync(() => !client.Counts.IsConnected || rig.Server.Counts.Peers == 0);
        proxy.Resume(way);
        proxy.Cut();

        await RecoversAsync(client);
    }

    [Theory]
    [InlineData(Way.ToServer)]
    [InlineData(Way.ToClient)]
    public async Task Connection_WhenBytesAreChanged_ComesBack(Way way)
    {
        await using var rig = await Rig.StartAsync(Parking, Fast());
        await using var proxy = new TcpProxy(rig.Server.Port);
        var client = await rig.ConnectAsync(port: proxy.Port);

        proxy.Corrupt(way, 3);
        await client.ReadAsync(TimeSpan.FromMilliseconds(500));

        await RecoversAsync(client);
    }

    [Theory]
    [InlineData(Way.ToServer)]
    [InlineData(Way.ToClient)]
    public async Task Connection_WhenItIsHalfClosed_ComesBack(Way way)
    {
        await using var rig = await Rig.StartAsync(Parking, Fast());
        await using var proxy = new TcpProxy(rig.Server.Port);
        var client = await rig.ConnectAsync(port: proxy.Port);

        proxy.HalfClose(way);

        await RecoversAsync(client);
    }

    private static async Task RecoversAsync(NetMqTransport client)
    {
        var answers = 0;
        await Eventually.HoldsAsync(
            async () => (answers = (await client.ReadAsync(TimeSpan.FromMilliseconds(500))).IsOk ? answers + 1 : 0) >= 3,
            TimeSpan.FromSeconds(40));
    }

    private static NetMqOptions Fast() => Rig.Settings(options =>
    {
        options.Heartbeat = TimeSpan.FromMilliseconds(200);
        options.HandshakeTimeout = TimeSpan.FromSeconds(1);
    });

    private static async Task<object> Parking(object request, CancellationToken end)
    {
        if (request is WatchLeases) await Task.Delay(Timeout.Infinite, end);
        return await Rig.Answer(request, end);
    }

    /// <summary>The library keeps it to itself; whoever watches its own connections come and go can guess it.</summary>
    private static byte[] NextAutomaticId(NetMqServer server)
    {
        const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.FlattenHierarchy;
        var handle = typeof(global::NetMQ.NetMQSocket).GetProperty("SocketHandle", Hidden)!.GetValue(server.Socket)!;
        var next = (int)handle.GetType().GetField("m_nextPeerId", Hidden)!.GetValue(handle)!;
        var id = new byte[5];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(id.AsSpan(1), next);
        return id;
    }
}
