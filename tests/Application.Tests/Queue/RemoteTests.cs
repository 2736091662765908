using System.Collections.Concurrent;
using System.Diagnostics;
using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using FaaS.Tests.Shared;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Queue;

/// <summary>What stands in for the queue in another process: many waits and submissions in few messages.</summary>
public sealed class RemoteTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly Error Broken = new(ErrorCode.OutcomeUnknown, "The connection broke.", 1);
    private readonly GatedTransport _transport = new();
    private readonly ServiceProvider _provider;

    public RemoteTests() => _provider = Provide(_transport, TimeProvider.System);

    private IMediator Mediator => _provider.GetRequiredService<IMediator>();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Submissions_ThatComeWhileOthersAreUnderWay_TravelTogether_AndEachGetsItsOwnAnswer()
    {
        var answers = Enumerable.Range(0, 20).Select(at => Mediator.Send(Some.Enqueue(Some.Submission(user: $"u{at}")))).ToArray();
        await _transport.SentAsync(3);
        var all = Task.WhenAll(answers);
        await _transport.AnswerAsync(all, request => Row<EnqueueJobs, EnqueuedJobs>().Respond(new EnqueuedJobs([.. Row<EnqueueJobs, EnqueuedJobs>()
            .Read(request).Jobs.Select(job => job.User == "u7" ? new Error(ErrorCode.UserNotFound, job.User) : null)])));

        (await all).Select(answer => answer.Value.Errors.Single()?.Message)
            .Should().Equal(Enumerable.Range(0, 20).Select(at => at == 7 ? "u7" : null));
        _transport.Sent.Should().BeLessThan(8, "three went at once, and the others together");
    }

    [Fact]
    public async Task Submissions_WhoseMessageIsRefused_AreSentEachByItself()
    {
        var answers = Enumerable.Range(0, 6).Select(at => Mediator.Send(Some.Enqueue(Some.Submission(user: $"u{at}")))).ToArray();
        var all = Task.WhenAll(answers);
        await _transport.AnswerAsync(all, request =>
        {
            var jobs = Row<EnqueueJobs, EnqueuedJobs>().Read(request).Jobs;
            return jobs.Any(job => job.User == "u4")
                ? new Error(ErrorCode.BadRequest, "u4 is no good.")
                : Row<EnqueueJobs, EnqueuedJobs>().Respond(new EnqueuedJobs([.. jobs.Select(_ => (Error?)null)]));
        });

        (await all).Select(answer => answer.IsOk).Should().Equal(true, true, true, true, false, true);
    }

    [Fact]
    public async Task Waits_ShareOneRequest_AndNewOnesNameOnlyThemselves()
    {
        var (first, second) = (Some.Id(), Some.Id());
        var waits = new[] { Mediator.Send(new WaitJob(first, 30_000)) };
        var (one, oneAnswer) = await _transport.NextAsync();
        var late = Mediator.Send(new WaitJob(second, 30_000));
        var (two, twoAnswer) = await _transport.NextAsync();

        Watched(one).Add.Select(job => job.Id).Should().Equal(first);
        Watched(two).Add.Select(job => job.Id).Should().Equal(second);
        Watched(two).Watcher.Should().Be(Watched(one).Watcher);
        oneAnswer.SetResult(Over());
        twoAnswer.SetResult(Over(new WatchedJob(Watched(two).Add[0].Number, false, null), new WatchedJob(Watched(one).Add[0].Number, true, null)));
        (await late.WaitAsync(Soon)).Value.Should().Be(new JobProgress(false, null));
        (await waits[0].WaitAsync(Soon)).Value.Should().Be(new JobProgress(true, null));
    }

    [Fact]
    public async Task Waits_WhenAnOlderRequestEndsLast_GoOnWithoutAPause()
    {
        // Time stands still: whoever pauses, pauses for good.
        await using var provider = Provide(_transport, new FakeTimeProvider());
        var mediator = provider.GetRequiredService<IMediator>();
        var wait = mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (one, older) = await _transport.NextAsync();
        var other = mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (two, newer) = await _transport.NextAsync();
        newer.SetResult(Over(new WatchedJob(Watched(two).Add[0].Number, false, null)));
        await other.WaitAsync(Soon);

        older.SetResult(Over());

        var (_, next) = await _transport.NextAsync();
        next.SetResult(Over(new WatchedJob(Watched(one).Add[0].Number, true, null)));
        (await wait.WaitAsync(Soon)).Value.Known.Should().BeTrue();
    }

    [Fact]
    public async Task Waits_WhenTheNewerRequestWasOvertaken_GoOnWithoutAPause()
    {
        await using var provider = Provide(_transport, new FakeTimeProvider());
        var mediator = provider.GetRequiredService<IMediator>();
        var wait = mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (_, older) = await _transport.NextAsync();
        var other = mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (_, newer) = await _transport.NextAsync();

        // The queue has heard the newer one first, and parks the older.
        newer.SetResult(Row<WatchJobs, WatchedJobs>().Respond(new WatchedJobs([], Replaced: true)));
        var third = mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (three, next) = await _transport.NextAsync();

        next.SetResult(Over(new WatchedJob(Watched(three).Add[0].Number, false, null)));
        (await third.WaitAsync(Soon)).Value.Known.Should().BeFalse();
        older.SetResult(Over());
        (wait.IsCompleted, other.IsCompleted).Should().Be((false, false));
    }

    [Fact]
    public async Task Waits_WhenTheConnectionBreaks_AreNamedAgainUnderTheSameNumbers()
    {
        var wait = Mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (before, broken) = await _transport.NextAsync();
        broken.SetResult(Broken);
        var (after, answer) = await _transport.NextAsync();

        Watched(after).Add.Should().Equal(Watched(before).Add);
        answer.SetResult(Over(new WatchedJob(Watched(after).Add[0].Number, false, null)));
        (await wait.WaitAsync(Soon)).Value.Known.Should().BeFalse();
    }

    [Fact]
    public async Task Wait_ThatIsOver_SaysThatTheJobGoesOn_AndIsDropped()
    {
        (await Mediator.Send(new WaitJob(Some.Id(), 1)).WaitAsync(Soon)).Value.Should().Be(new JobProgress(true, null));
        var (first, _) = await _transport.NextAsync();
        _ = Mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (second, _) = await _transport.NextAsync();

        Watched(second).Drop.Should().Equal(Watched(first).Add[0].Number);
    }

    [Fact]
    public async Task Wait_ThatIsOverWhileTheQueueIsAway_SaysThatNobodyCouldBeAsked()
    {
        var wait = Mediator.Send(new WaitJob(Some.Id(), 300));
        var (_, broken) = await _transport.NextAsync();
        broken.SetResult(Broken);

        (await wait.WaitAsync(Soon)).Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
    }

    [Fact]
    public async Task Waits_LendTheSharedRequestNobodysTrace()
    {
        using var trace = new Activity("somebody's").Start();

        _ = Mediator.Send(new WaitJob(Some.Id(), 30_000));
        var (_, answer) = await _transport.NextAsync();
        answer.SetResult(Over());
        await _transport.NextAsync();

        _transport.Traces.Should().OnlyContain(activity => activity == null);
    }

    [Fact]
    public async Task Wait_WhoseCallerLeaves_EndsAtOnce()
    {
        using var leaves = new CancellationTokenSource();
        var wait = Mediator.Send(new WaitJob(Some.Id(), 30_000), leaves.Token);
        await _transport.NextAsync();
        await leaves.CancelAsync();

        await ((Func<Task>)(() => wait)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Waits_OfManyClients_OverARealQueue_AllEnd()
    {
        await using var parts = await Parts.StartAsync(Shape.Codec);
        JobId[] ids = [.. Enumerable.Range(0, 300).Select(_ => Some.Id())];
        await Task.WhenAll(ids.Select(id => parts.Mediator.Send(Some.Enqueue(id))));
        var waits = ids.Select(id => parts.Mediator.Send(new WaitJob(id, 30_000))).ToArray();

        var worker = Guid.NewGuid();
        var server = parts.Server.GetRequiredService<IMediator>();
        for (var left = ids.Length; left > 0;)
        {
            var leases = (await server.Send(new LeaseJobs(worker, 8, 64, 64, 5_000, []))).Value.Jobs;
            if (leases.Count > 0) await server.Send(new CompleteJobs(worker, [.. leases.Select(lease => Some.Report(lease))]));
            left -= leases.Count;
        }

        var ends = await Task.WhenAll(waits).WaitAsync(Soon);
        // One that ended before its wait had come is not the queue's any more.
        ends.Should().OnlyContain(end => end.Value.End != null || !end.Value.Known);
        ends.Select((end, at) => end.Value.End?.Id ?? ids[at]).Should().Equal(ids);
    }

    private static ServiceProvider Provide(GatedTransport transport, TimeProvider time)
    {
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddKeyedSingleton<IRequestTransport>("db", transport);
        services.AddKeyedSingleton<IRequestTransport>("queue", transport);
        new ModuleComposition(services).Connect<DbModule>("inproc://db", "DB_URL")
            .Connect<QueueModule>("inproc://queue", "JQ_URL").Build();
        return services.BuildServiceProvider();
    }

    private static WatchJobs Watched(ReadOnlyMemory<byte> body) => Row<WatchJobs, WatchedJobs>().Read(body);

    private static Result<ReadOnlyMemory<byte>> Over(params WatchedJob[] jobs) =>
        Row<WatchJobs, WatchedJobs>().Respond(new WatchedJobs(jobs));

    private static RowView<TRequest, TResponse> Row<TRequest, TResponse>()
        where TRequest : class, IRequest<Result<TResponse>> => new();

    /// <summary>A row, read from the other side.</summary>
    private sealed class RowView<TRequest, TResponse>
        where TRequest : class, IRequest<Result<TResponse>>
    {
        private readonly ContractRow<TRequest, TResponse> _row =
            (ContractRow<TRequest, TResponse>)QueueContract.Contract.Rows.Single(row => row.RequestType == typeof(TRequest));

        public TRequest Read(ReadOnlyMemory<byte> body)
        {
            var mediator = new Catching();
            _row.AnswerAsync(mediator, body, default).GetAwaiter().GetResult();
            return (TRequest)mediator.Caught!;
        }

        public Result<ReadOnlyMemory<byte>> Respond(TResponse response) => Messaging.Rows.EncodeResponse(_row, response);

        private sealed class Catching : IMediator
        {
            public object? Caught { get; private set; }

            public Task<T> Send<T>(IRequest<T> request, CancellationToken cancellationToken = default)
            {
                Caught = request;
                return Task.FromResult((T)(object)(Result<TResponse>)new Error(ErrorCode.Internal, "Only caught."));
            }

            public Task Publish(object notification, CancellationToken cancellationToken = default) =>
                throw new NotSupportedException();

            public Task Publish<T>(T notification, CancellationToken cancellationToken = default)
                where T : INotification => throw new NotSupportedException();
        }
    }

    /// <summary>Holds every request until the test answers it.</summary>
    private sealed class GatedTransport : IRequestTransport
    {
        private readonly ConcurrentQueue<(ReadOnlyMemory<byte>, TaskCompletionSource<Result<ReadOnlyMemory<byte>>>)> _held = new();
        private int _sent;

        public int Sent => Volatile.Read(ref _sent);

        public ConcurrentQueue<Activity?> Traces { get; } = new();

        public Task<Result<ReadOnlyMemory<byte>>> SendAsync(
            ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation)
        {
            var answer = new TaskCompletionSource<Result<ReadOnlyMemory<byte>>>(TaskCreationOptions.RunContinuationsAsynchronously);
            Traces.Enqueue(Activity.Current);
            _held.Enqueue((body, answer));
            Interlocked.Increment(ref _sent);
            return answer.Task;
        }

        public Task SentAsync(int requests) => Eventually.HoldsAsync(() => Task.FromResult(Sent >= requests));

        /// <summary>Answers whatever comes until all is done.</summary>
        public Task AnswerAsync(Task all, Func<ReadOnlyMemory<byte>, Result<ReadOnlyMemory<byte>>> answer) =>
            Eventually.HoldsAsync(() =>
            {
                while (_held.TryDequeue(out var next)) next.Item2.SetResult(answer(next.Item1));
                return Task.FromResult(all.IsCompleted);
            });

        public async Task<(ReadOnlyMemory<byte> Body, TaskCompletionSource<Result<ReadOnlyMemory<byte>>> Answer)> NextAsync()
        {
            (ReadOnlyMemory<byte>, TaskCompletionSource<Result<ReadOnlyMemory<byte>>>) next = default;
            await Eventually.HoldsAsync(() => Task.FromResult(_held.TryDequeue(out next)));
            return next;
        }
    }
}
