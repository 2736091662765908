using System.Collections.Concurrent;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Infrastructure.NetMq;
using FaaS.Tests.Shared;

namespace FaaS.Infrastructure.Tests.NetMq;

public sealed class NetMqTransportTests
{
    [Fact]
    public async Task Request_WhenItIsServed_IsAnswered()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync();

        var answer = await client.ReadAsync();

        Rig.ReadSource.Decode(answer.Value).Value.Bytes.Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task Error_WhenAHandlerReturnsOne_CrossesWhole()
    {
        var error = new Error(ErrorCode.QueueFull, "Voll: ä.", 9, 1, 2);
        await using var rig = await Rig.StartAsync((_, _) => Task.FromResult<object>((Result<SourceText>)error));
        var client = await rig.ConnectAsync();

        (await client.ReadAsync()).Error.Should().Be(error);
    }

    [Fact]
    public async Task Handler_WhenItThrows_IsInternalAndTheServerGoesOn()
    {
        var throws = true;
        await using var rig = await Rig.StartAsync((request, end) =>
            throws ? throw new InvalidOperationException("a defect") : Rig.Answer(request, end));
        var client = await rig.ConnectAsync();

        var error = (await client.ReadAsync()).Error!;
        throws = false;

        error.Code.Should().Be(ErrorCode.Internal);
        error.Message.Should().NotContain("a defect");
        (await client.ReadAsync()).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Role_WhenItMayNotCallARow_IsForbidden()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync(Roles.Scaler);

        (await client.ReadAsync()).Error!.Code.Should().Be(ErrorCode.Forbidden);
    }

    [Fact]
    public async Task ManyRequests_FromManyThreads_EachGetTheirOwnAnswer()
    {
        await using var rig = await Rig.StartAsync(async (request, _) =>
        {
            await Task.Yield();
            return Result<StoredPayload>.Ok(new StoredPayload(((StorePayload)request).Id));
        });
        var clients = new[] { await rig.ConnectAsync(), await rig.ConnectAsync(Roles.Frontend) };

        await Parallel.ForAsync(0, 2_000, async (at, _) =>
        {
            var id = new Guid(at, 0, 0, new byte[8]);
            var answer = await clients[at % 2].SendAsync(
                Rig.Store, Rig.Store.Encode(new StorePayload(id, [1])), Rig.Long, default);
            Rig.Store.Decode(answer.Value).Value.Id.Should().Be(id);
        });

        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 0);
    }

    [Fact]
    public async Task Cancellation_OfAParkedRequest_ReachesTheHandler()
    {
        var parked = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        await using var rig = await Rig.StartAsync(ParkAsync);
        var client = await rig.ConnectAsync();
        using var patience = new CancellationTokenSource();
        var call = client.WatchAsync(cancellation: patience.Token);
        await parked.Task;

        await patience.CancelAsync();

        await call.Awaiting(it => it).Should().ThrowAsync<OperationCanceledException>();
        await cancelled.Task;
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 0 && client.Counts.Outstanding == 0);
        (await client.StoreAsync(1)).IsOk.Should().BeTrue();

        Task<object> ParkAsync(object request, CancellationToken end)
        {
            if (request is not WatchLeases) return Rig.Answer(request, end);
            end.Register(() => cancelled.TrySetResult());
            parked.TrySetResult();
            return Parked(end);
        }
    }

    [Fact]
    public async Task Deadline_WhenTheAnswerDoesNotCome_EndsAsUnknownAndEndsTheHandler()
    {
        var ended = new TaskCompletionSource();
        await using var rig = await Rig.StartAsync((_, end) =>
        {
            end.Register(() => ended.TrySetResult());
            return Parked(end);
        });
        var client = await rig.ConnectAsync();

        (await client.ReadAsync(TimeSpan.FromMilliseconds(200))).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        await ended.Task;
    }

    [Fact]
    public async Task Deadline_WhenThereIsNoServer_EndsAsUnavailable()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Server.DisposeAsync();
        var client = await rig.ConnectAsync(waits: false);

        (await client.ReadAsync(TimeSpan.FromMilliseconds(100))).Error!.Code.Should().Be(ErrorCode.Unavailable);
        (await client.FindMissingAsync(default)).Should().Be($"The queue at tcp://127.0.0.1:{rig.Server.Port} is not connected.");
    }

    [Fact]
    public async Task Request_WhenItIsSentBeforeTheServerIsThere_WaitsForIt()
    {
        await using var rig = await Rig.StartAsync();
        await rig.Server.DisposeAsync();
        var client = await rig.ConnectAsync(waits: false);
        var call = client.ReadAsync();

        await rig.ReplaceServerAsync();

        (await call).IsOk.Should().BeTrue();
        (await client.FindMissingAsync(default)).Should().BeNull();
    }

    [Fact]
    public async Task Message_OverTheLimit_IsTooLargeAtOnce()
    {
        await using var rig = await Rig.StartAsync();
        var client = await rig.ConnectAsync();

        var over = await client.SendAsync(Rig.Store, new byte[Frames.MessageBytesMax + 1], Rig.Long, default);

        over.Error!.Code.Should().Be(ErrorCode.TooLarge);
        rig.Server.Counts.Requests.Should().Be(0);
    }

    [Theory]
    [InlineData(90_000)]
    [InlineData(98_304)]
    [InlineData(100_000)]
    [InlineData(1_500_000)]
    public async Task Body_OfAnyAllowedSize_Crosses(int bytes)
    {
        var seen = new ConcurrentBag<int>();
        await using var rig = await Rig.StartAsync((request, end) =>
        {
            if (request is StorePayload store) seen.Add(store.Bytes.Length);
            return request is ReadSource
                ? Task.FromResult<object>(Result<SourceText>.Ok(new SourceText(new byte[bytes]))) : Rig.Answer(request, end);
        });
        var client = await rig.ConnectAsync();

        var calls = Enumerable.Range(0, 20).Select(_ => client.StoreAsync(bytes)).ToArray();
        var read = await client.ReadAsync();

        foreach (var call in calls) (await call).IsOk.Should().BeTrue();
        seen.Should().HaveCount(20).And.OnlyContain(length => length == bytes);
        Rig.ReadSource.Decode(read.Value).Value.Bytes.Should().HaveCount(bytes);
    }

    [Fact]
    public async Task Answer_OverTheLimit_IsTooLarge()
    {
        await using var rig = await Rig.StartAsync((_, _) =>
            Task.FromResult<object>(Result<SourceText>.Ok(new SourceText(new byte[Frames.MessageBytesMax]))));
        var client = await rig.ConnectAsync();

        (await client.ReadAsync()).Error!.Code.Should().Be(ErrorCode.TooLarge);
    }

    [Fact]
    public async Task Server_WithAsManyRequestsOfAPeerAsItTakes_RefusesTheNextUnexecuted()
    {
        await using var rig = await Rig.StartAsync(
            (request, end) => request is WatchLeases ? Parked(end) : Rig.Answer(request, end),
            Rig.Settings(options => options.PeerRequestsMax = 2));
        var (client, other) = (await rig.ConnectAsync(), await rig.ConnectAsync());
        using var end = new CancellationTokenSource();
        var parked = new[] { client.WatchAsync(cancellation: end.Token), client.WatchAsync(cancellation: end.Token) };
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 2);

        var refused = (await client.ReadAsync()).Error!;

        (refused.Code, refused.RetryAfterSeconds).Should().Be((ErrorCode.Unavailable, 1));
        (await other.ReadAsync()).IsOk.Should().BeTrue();
        await end.CancelAsync();
        foreach (var call in parked) await call.Awaiting(it => it).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Client_WithAsManyRequestsAsItTakes_RefusesTheNext()
    {
        await using var rig = await Rig.StartAsync((_, end) => Parked(end));
        var client = await rig.ConnectAsync(options: Rig.Settings(options => options.ClientRequestsMax = 1));
        var parked = client.WatchAsync();
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 1);

        var refused = (await client.WatchAsync()).Error!;

        (refused.Code, refused.RetryAfterSeconds).Should().Be((ErrorCode.Unavailable, 1));
        await client.DisposeAsync();
        (await parked).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
    }

    [Fact]
    public async Task Server_WhenItStops_FinishesWhatRunsAndRefusesTheRest()
    {
        var release = new TaskCompletionSource();
        await using var rig = await Rig.StartAsync(async (request, end) =>
        {
            await release.Task.WaitAsync(end);
            return await Rig.Answer(request, end);
        });
        var client = await rig.ConnectAsync();
        var running = client.ReadAsync();
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 1);

        var stop = rig.Server.StopAsync(default);
        var refused = (await client.ReadAsync()).Error!;
        release.SetResult();
        await stop;

        refused.Code.Should().Be(ErrorCode.Unavailable);
        (await running).IsOk.Should().BeTrue();
        await Eventually.HoldsAsync(() => !client.Counts.IsConnected);
    }

    [Fact]
    public async Task Client_WhenItIsDisposed_EndsItsRequestsThere()
    {
        await using var rig = await Rig.StartAsync((_, end) => Parked(end));
        var client = await rig.ConnectAsync();
        var parked = client.WatchAsync();
        await Eventually.HoldsAsync(() => rig.Server.Counts.Outstanding == 1);

        await client.DisposeAsync();

        (await parked).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        await Eventually.HoldsAsync(() => rig.Server.Counts is { Outstanding: 0, Peers: 0 });
        (await client.ReadAsync()).Error!.Code.Should().Be(ErrorCode.Unavailable);
    }

    [Fact]
    public async Task Curve_WhenItIsOn_CarriesRequests()
    {
        await using var rig = await Rig.StartAsync(options: Rig.Settings(options => options.Curve = true));
        var client = await rig.ConnectAsync();

        (await client.ReadAsync()).IsOk.Should().BeTrue();
        (await client.StoreAsync(1_000_000)).IsOk.Should().BeTrue();
    }

    [Fact]
    public async Task Instances_OfSeveralServersAndClients_DoNotDisturbOneAnother()
    {
        await using var one = await Rig.StartAsync();
        var client = await one.ConnectAsync();
        await using (var two = await Rig.StartAsync())
        {
            (await (await two.ConnectAsync()).ReadAsync()).IsOk.Should().BeTrue();
        }

        (await client.ReadAsync()).IsOk.Should().BeTrue();
    }

    private static async Task<object> Parked(CancellationToken end)
    {
        await Task.Delay(Timeout.Infinite, end);
        throw new InvalidOperationException("It ends by its token only.");
    }
}
