using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace FaaS.Application.Tests.Messaging;

/// <summary>When a request to another process is sent again.</summary>
public sealed class ForwardingTests : IAsyncDisposable
{
    private static readonly Error Unavailable = new(ErrorCode.Unavailable, "Nobody is there.", 1);
    private static readonly Error Unknown = new(ErrorCode.OutcomeUnknown, "The connection broke.", 1);

    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedTransport _transport = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ServiceProvider _provider;

    public ForwardingTests()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services.AddSingleton(new RepeatsUntil(_stopping.Token));
        services.AddKeyedSingleton<IRequestTransport>("db", _transport);
        services.AddKeyedSingleton<IRequestTransport>("queue", _transport);
        new ModuleComposition(services).Connect<DbModule>("inproc://db", "DB_URL")
            .Connect<QueueModule>("inproc://queue", "JQ_URL").Build();
        _provider = services.BuildServiceProvider();
    }

    public ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        return _provider.DisposeAsync();
    }

    [Fact]
    public async Task Request_WhoseOutcomeIsUnknown_IsSentAgainWhereThatIsSafe()
    {
        _transport.Answer(Unknown, Unknown, """{"user":"ann","wall":5}"""u8.ToArray());

        await SendAsync(new GetExecutionTime("ann"));

        _transport.Sent.Should().HaveCount(3);
    }

    [Fact]
    public async Task Request_ThatMustNotRunTwice_IsNotSentAgainWhenItsOutcomeIsUnknown()
    {
        _transport.Answer(Unknown);

        var answer = await SendAsync(new RegisterUser("ann"));

        answer.Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        _transport.Sent.Should().HaveCount(1);
    }

    [Fact]
    public async Task Request_ThatMustNotRunTwice_IsSentAgainWhenItWasNotExecuted()
    {
        _transport.Answer(Unavailable, """{"generation":7,"closedGeneration":0}"""u8.ToArray());

        var answer = await SendAsync(new RegisterUser("ann"));

        answer.Value.Generation.Should().Be(7);
        _transport.Sent.Should().HaveCount(2);
    }

    [Fact]
    public async Task Request_OfALoop_IsSentOnce()
    {
        _transport.Answer(Unavailable);

        var answer = await SendAsync(new RenewLeases(Guid.NewGuid(), []));

        answer.Error.Should().Be(Unavailable);
        _transport.Sent.Should().HaveCount(1);
    }

    [Fact]
    public async Task Request_ThatIsRefused_IsSentOnce()
    {
        var refusal = new Error(ErrorCode.UserNotFound, "There is no user.");
        _transport.Answer(refusal);

        var answer = await SendAsync(new GetExecutionTime("ann"));

        answer.Error.Should().Be(refusal);
        _transport.Sent.Should().HaveCount(1);
    }

    [Fact]
    public async Task Request_WhoseOutcomeWasUnknownOnce_StaysUnknownWhenLaterTriesAreNotExecuted()
    {
        _transport.Answer(Unknown);
        _transport.Otherwise = Unavailable;

        var answer = await SendAsync(new DeleteUser("ann"));

        answer.Error!.Code.Should().Be(ErrorCode.OutcomeUnknown);
        _transport.Sent.Should().HaveCountGreaterThan(3);
    }

    [Fact]
    public async Task Request_ThatIsRepeated_SharesOneDeadline()
    {
        _transport.Otherwise = Unavailable;

        await SendAsync(new GetExecutionTime("ann"));

        _transport.Sent.Should().BeInDescendingOrder().And.OnlyContain(left => left > TimeSpan.Zero)
            .And.HaveElementAt(0, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Request_WhenTheProcessStops_IsRepeatedNoMore()
    {
        _transport.Otherwise = Unavailable;
        _transport.OnSend = sent =>
        {
            if (sent == 3) _stopping.Cancel();
        };

        var answer = await SendAsync(new GetExecutionTime("ann"));

        answer.Error.Should().Be(Unavailable);
        _transport.Sent.Should().HaveCount(3);
    }

    [Fact]
    public async Task Request_ThatIsParked_HasItsWaitOnTopOfTheDeadline()
    {
        _transport.Answer("""{"jobs":[]}"""u8.ToArray());

        await SendAsync(new WatchJobs(Guid.NewGuid(), [], [], 30_000));

        _transport.Sent.Should().Equal(TimeSpan.FromSeconds(35));
    }

    /// <summary>Sends, and lets time pass until it is answered.</summary>
    private async Task<Result<T>> SendAsync<T>(IRequest<Result<T>> request)
    {
        var answer = _provider.GetRequiredService<IMediator>().Send(request);
        while (!answer.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }
        return await answer;
    }

    /// <summary>Answers as it is told, and notes how much time each try was given.</summary>
    private sealed class ScriptedTransport : IRequestTransport
    {
        private readonly Queue<Result<ReadOnlyMemory<byte>>> _answers = [];

        public List<TimeSpan> Sent { get; } = [];

        public Action<int> OnSend { get; set; } = _ => { };

        public Error Otherwise { get; set; } = new(ErrorCode.Internal, "Nothing more was expected.");

        public void Answer(params object[] answers)
        {
            foreach (var answer in answers)
                _answers.Enqueue(answer is Error error ? error : (ReadOnlyMemory<byte>)(byte[])answer);
        }

        public Task<Result<ReadOnlyMemory<byte>>> SendAsync(
            ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation)
        {
            Sent.Add(deadline);
            OnSend(Sent.Count);
            return Task.FromResult(_answers.TryDequeue(out var answer) ? answer : Otherwise);
        }
    }
}
