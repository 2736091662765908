using CsCheck;
using FaaS.Infrastructure.NetMq;

namespace FaaS.Infrastructure.Tests.NetMq;

public sealed class NetMqOutboxTests
{
    private const int Large = 300_000;

    [Fact]
    public void Small_WhenALargeOneIsUnderWay_OvertakesItsFragments()
    {
        var outbox = new Outbox();
        outbox.Add(Message(1, Large));
        Take(outbox).Should().Be(1);
        outbox.Add(Message(2, 10));
        outbox.Add(Message(3, 10));

        Take(outbox).Should().Be(2);
        Take(outbox).Should().Be(3);
        Take(outbox).Should().Be(1);
    }

    [Fact]
    public void Large_WithoutCredit_StopsAfterFourFragments()
    {
        var outbox = new Outbox();
        outbox.Add(Message(1, Large));

        for (var at = 0; at < 4; at++) Take(outbox).Should().Be(1);
        outbox.Next().Should().BeNull();
        outbox.Credit();

        Take(outbox).Should().Be(1, "the fifth is the last");
        outbox.Next().Should().BeNull();
        outbox.Bytes.Should().Be(0);
    }

    [Fact]
    public void Large_WhenThereAreTwo_TakeTurns()
    {
        var outbox = new Outbox();
        outbox.Add(Message(1, Large));
        outbox.Add(Message(2, Large));

        new[] { Take(outbox), Take(outbox), Take(outbox), Take(outbox) }.Should().Equal(1, 2, 1, 2);
    }

    [Fact]
    public void Large_InAStreamOfSmallOnes_IsNotStarved()
    {
        var outbox = new Outbox();
        outbox.Add(Message(1, Large));
        for (ulong at = 0; at < 100; at++) outbox.Add(Message(10 + at, 1));

        Enumerable.Range(0, 20).Select(_ => Take(outbox)).Should().Contain(1);
    }

    [Fact]
    public void Rewind_KeepsRequestsFromTheirBeginning()
    {
        var outbox = new Outbox();
        var dropped = Message(3, 10);
        outbox.Add(Message(1, Large));
        outbox.Add(dropped);
        outbox.Add(new Outgoing(FrameKind.Cancel, default));
        Take(outbox);
        dropped.IsDropped = true;

        outbox.Rewind();

        outbox.Bytes.Should().Be(Large + Outbox.MessageBytes);
        outbox.Next()!.Offset.Should().Be(0);
    }

    [Fact]
    public void Bodies_InFragments_ComeTogetherAgain() => Gen.Int[Frames.WholeBytesMax + 1, Frames.MessageBytesMax].Array[1, 8]
        .Sample(sizes =>
        {
            var outbox = new Outbox();
            var assembler = new Assembler();
            var bodies = sizes.Select((size, at) => Filled(size, (byte)at)).ToArray();
            foreach (var (at, body) in bodies.Index())
                outbox.Add(new Outgoing(FrameKind.Request, body) { Correlation = (ulong)at + 1 });
            var arrived = new byte[bodies.Length][];
            while (outbox.Next() is { } message)
            {
                var flags = Outbox.Part(message, out var part);
                var head = new Head(FrameKind.Request, 1, message.Correlation, (uint)message.Body.Length, flags);
                outbox.Sent(message, part.Length);
                if ((flags & FrameFlags.More) != 0) outbox.Credit();
                assembler.Add(head, part.Span, out _, out var body).Should().BeNull();
                if (body is not null) arrived[(int)head.Correlation - 1] = body;
            }
            return bodies.Zip(arrived).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
        }, iter: 20);

    [Fact]
    public void Assembler_WithTooManyBodies_RefusesOne()
    {
        var assembler = new Assembler();
        for (ulong at = 1; at <= Assembler.PartialsMax; at++) assembler.Add(First(at), new byte[10], out _, out _);

        assembler.Add(First(99), new byte[10], out _, out _).Should().Be(Reasons.Overloaded);
        assembler.Forget(1);
        assembler.Add(First(99), new byte[10], out _, out _).Should().BeNull();
    }

    [Fact]
    public void Assembler_OnRandomFragments_NeverThrows() => Gen.Select(
        Gen.ULong[0, 3], Gen.UInt[0, 30], Gen.Int[0, 3], Gen.Int[0, 20]).Array[0, 50].Sample(fragments =>
    {
        var assembler = new Assembler();
        foreach (var (correlation, total, flags, bytes) in fragments)
        {
            assembler.Add(
                new Head(FrameKind.Request, 1, correlation, total, (FrameFlags)flags), new byte[bytes], out _, out var body);
            if (body is not null) body.Length.Should().Be((int)total);
        }
    });

    private static Head First(ulong correlation) => new(FrameKind.Request, 1, correlation, 100, FrameFlags.More);

    private static Outgoing Message(ulong correlation, int bytes) =>
        new(FrameKind.Request, new byte[bytes]) { Correlation = correlation };

    private static ulong Take(Outbox outbox)
    {
        var message = outbox.Next()!;
        Outbox.Part(message, out var part);
        outbox.Sent(message, part.Length);
        return message.Correlation;
    }

    private static byte[] Filled(int size, byte value)
    {
        var bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
