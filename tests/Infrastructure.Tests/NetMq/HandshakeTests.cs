using FaaS.Application.Messaging;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.NetMq;

public sealed class NetMqHandshakeTests
{
    private static readonly byte[] WorkerKey = RoleKeys.FromSecret(Rig.Secret).Find(Roles.Worker)!;

    /// <summary>The vectors of docs/protocol.md.</summary>
    [Fact]
    public void Proofs_OfTheDocumentedExample_AreThese()
    {
        static byte[] Filled(int bytes, byte value) => [.. Enumerable.Repeat(value, bytes)];
        var seen = new Transcript(
            Roles.Worker, Secrets.Id(Filled(16, 0x11)), Filled(32, 0x22), Filled(32, 0x33), Secrets.Id(Filled(16, 0x44)));

        Convert.ToHexStringLower(WorkerKey).Should().Be(Vectors.WorkerKey);
        Convert.ToHexStringLower(seen.Proof(WorkerKey)).Should().Be(Vectors.Proof);
        Convert.ToHexStringLower(seen.Welcome(WorkerKey, Secrets.Id(Filled(16, 0x55)))).Should().Be(Vectors.Welcome);
        Convert.ToHexStringLower(RoleKeys.CurvePair(Rig.Secret).PublicKey).Should().Be(Vectors.CurvePublicKey);
    }

    [Fact]
    public async Task Proof_WithARightKey_GetsASessionThatAnswers()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);

        peer.Request("db.read-source/1", 1, """{"hash":"00112233445566778899aabbccddeeff"}""");

        var (head, body) = peer.Receive();
        (head.Kind, head.Session, head.Correlation).Should().Be((FrameKind.Reply, peer.Session, 1UL));
        System.Text.Encoding.UTF8.GetString(body).Should().Be("""{"bytes":"AQID"}""");
    }

    [Fact]
    public async Task Proof_WithAnotherKey_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint);
        peer.Hello(Roles.Queue);
        peer.Prove(WorkerKey, Roles.Queue, peer.Receive().Body);

        peer.ReceiveRejection().Should().Be(Reasons.Handshake);
        rig.Server.Counts.Should().Match<NetMqServerCounts>(counts => counts.Peers == 0 && counts.HandshakesRefused == 1);
    }

    [Fact]
    public async Task Proof_WhenItIsReplayed_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);

        peer.Send(new Head(FrameKind.Proof), peer.LastProof);
        var again = peer.ReceiveRejection();
        peer.Hello(Roles.Worker);
        peer.Receive().Head.Kind.Should().Be(FrameKind.Challenge);
        peer.Send(new Head(FrameKind.Proof), peer.LastProof);

        again.Should().Be(Reasons.Handshake);
        peer.ReceiveRejection().Should().Be(Reasons.Handshake, "the server's nonce is another one");
    }

    [Fact]
    public async Task Proof_ForAnotherRoleThanTheHello_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint);
        peer.Hello(Roles.Frontend);
        peer.Prove(WorkerKey, Roles.Worker, peer.Receive().Body);

        peer.ReceiveRejection().Should().Be(Reasons.Handshake);
    }

    [Fact]
    public void Proof_OfOneSide_IsNeverTheOthers()
    {
        var seen = new Transcript(Roles.Worker, 1, new byte[32], new byte[32], 2);

        seen.Proof(WorkerKey).Should().NotEqual(seen.Welcome(WorkerKey, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task Hello_WithARoleThatIsNone_IsRefused(byte role)
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint);

        peer.Hello((Roles)role);

        peer.ReceiveRejection().Should().Be(Reasons.Handshake);
    }

    [Fact]
    public async Task Hello_WithAnIdentityThatIsNotItsOwn_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint);

        peer.Hello(Roles.Worker, identity: new byte[16]);

        peer.ReceiveRejection().Should().Be(Reasons.Handshake);
    }

    [Fact]
    public async Task Session_WhenAnotherPeerUsesIt_IsUnknownAndNothingRuns()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);
        using var thief = new RawPeer(rig.Server.Endpoint) { Session = peer.Session };

        thief.Request("db.read-source/1", 1, """{"hash":"00112233445566778899aabbccddeeff"}""");

        thief.ReceiveRejection().Should().Be(Reasons.UnknownSession);
        rig.Server.Counts.Requests.Should().Be(0);
    }

    [Fact]
    public async Task Stranger_WithoutAHandshake_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint);

        peer.Send(new Head(FrameKind.Heartbeat, 7), new byte[16]);

        peer.ReceiveRejection().Should().Be(Reasons.UnknownSession);
    }

    [Fact]
    public async Task Request_WhenItsIdWasUsed_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);
        peer.Request("db.read-source/1", 5, """{"hash":"00112233445566778899aabbccddeeff"}""");
        peer.Receive();

        peer.Request("db.read-source/1", 5, """{"hash":"00112233445566778899aabbccddeeff"}""");

        peer.ReceiveRejection().Should().Be(Reasons.Duplicate);
        rig.Server.Counts.Requests.Should().Be(1);
    }

    [Fact]
    public async Task Request_WithNoTimeLeft_IsRefused()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);

        peer.Request("db.read-source/1", 1, "{}", remainingMs: 0);

        peer.ReceiveRejection().Should().Be(Reasons.Expired);
    }

    [Fact]
    public async Task Heartbeat_ThatCountedDifferently_EndsTheSession()
    {
        await using var rig = await Rig.StartAsync();
        using var peer = new RawPeer(rig.Server.Endpoint).Join(WorkerKey, Roles.Worker);

        peer.Send(new Head(FrameKind.Heartbeat, peer.Session, 0), peer.ServerId);
        peer.Send(new Head(FrameKind.Heartbeat, peer.Session, 9), peer.ServerId);

        peer.ReceiveRejection().Should().Be(Reasons.FramesLost);
        await Eventually.HoldsAsync(() => rig.Server.Counts.Peers == 0);
    }

    [Fact]
    public async Task HalfOpenHandshakes_InAFlood_AreBoundedAndAGoodClientGoesOn()
    {
        await using var rig = await Rig.StartAsync(options: Rig.Settings(options => options.HandshakesMax = 8));
        var client = await rig.ConnectAsync();
        var flood = Enumerable.Range(0, 12).Select(_ => new RawPeer(rig.Server.Endpoint)).ToArray();

        foreach (var peer in flood) peer.Hello(Roles.Worker);
        var answers = flood.Select(peer => peer.Receive().Head.Kind).ToArray();

        answers.Count(kind => kind == FrameKind.Challenge).Should().Be(8);
        answers.Count(kind => kind == FrameKind.Rejected).Should().Be(4);
        rig.Server.Counts.HalfOpen.Should().Be(8);
        (await client.ReadAsync()).IsOk.Should().BeTrue();
        foreach (var peer in flood) peer.Dispose();
    }

    [Fact]
    public async Task Client_WhoseKeyIsWrong_NeverConnects()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync(
            options: Rig.Settings(options => options.Secret = "another secret of thirty-two bytes"), waits: false);

        await Eventually.HoldsAsync(() => rig.Server.Counts.HandshakesRefused > 1);

        client.Counts.Connections.Should().Be(0);
        rig.Server.Counts.Peers.Should().Be(0);
    }

    [Fact]
    public async Task Client_WithOnlyItsRolesKey_Connects()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync(options: Rig.Settings(options =>
            (options.Secret, options.RoleKey) = (null, RoleKeys.FromSecret(Rig.Secret).Export(Roles.Worker))));

        (await client.ReadAsync()).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Client_WhenTheServerReflectsItsProof_SendsItNothing()
    {
        using var impostor = new Impostor();
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync(port: impostor.Port, waits: false);
        var call = client.ReadAsync(TimeSpan.FromSeconds(2));

        var kinds = await Task.Run(impostor.ReflectOnce);

        kinds.Should().Equal(FrameKind.Hello, FrameKind.Proof, FrameKind.Hello);
        client.Counts.Connections.Should().Be(0);
        (await call).Error!.Code.Should().Be(Domain.ErrorCode.Unavailable);
    }
}
