using FaaS.Application.Db;
using FaaS.Application.Messaging;
using FaaS.Application.Queue;
using FaaS.Domain;
using FaaS.Domain.Jobs;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace FaaS.Application.Tests.Messaging;

public sealed class ModuleCompositionTests
{
    private readonly ServiceCollection _services = [];

    private ModuleComposition Composition => new(_services);

    [Fact]
    public void Build_WhenARequestHasTwoHandlers_RefusesNamingIt()
    {
        var composition = Composition.Activate<QueueModule>();
        _services.AddSingleton<IRequestHandler<GetBacklog, Result<QueueCounts>>>(_ => null!);

        var build = composition.Build;

        build.Should().Throw<CompositionException>().WithMessage("*'queue.get-backlog/1'*2 handlers*");
    }

    [Fact]
    public void Build_WhenARequestHasNoHandler_RefusesNamingIt()
    {
        var composition = Composition.Activate<HandlerlessModule>();

        var build = composition.Build;

        build.Should().Throw<CompositionException>().WithMessage("*'first.get-backlog/1'*0 handlers*");
    }

    [Fact]
    public void Build_WhenTwoRowsHaveOneName_RefusesNamingIt()
    {
        var composition = Composition.Connect<HandlerlessModule>("inproc://a", "A_URL")
            .Connect<SameNameModule>("inproc://b", "B_URL");

        var build = composition.Build;

        build.Should().Throw<CompositionException>().WithMessage("*'first.get-backlog/1'*two contract rows*");
    }

    [Fact]
    public void Build_WhenOneRequestStandsInTwoContracts_RefusesNamingIt()
    {
        var composition = Composition.Connect<QueueModule>("inproc://a", "JQ_URL")
            .Connect<HandlerlessModule>("inproc://b", "B_URL");

        var build = composition.Build;

        build.Should().Throw<CompositionException>().WithMessage("*'GetBacklog'*two contract rows*");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void Connect_WhenTheEndpointIsNotSet_RefusesNamingTheSetting(string? endpoint)
    {
        var connect = () => Composition.Connect<DbModule>(endpoint, "DB_URL");

        connect.Should().Throw<CompositionException>().WithMessage("*'db'*DB_URL is not set*");
    }

    [Fact]
    public void Connect_WhenTheModuleIsActive_Refuses()
    {
        var composition = Composition.Activate<QueueModule>();

        var connect = () => composition.Connect<QueueModule>("inproc://a", "JQ_URL");

        connect.Should().Throw<CompositionException>().WithMessage("*'queue'*both active here and connected*");
    }

    [Fact]
    public void Activate_WhenTheModuleIsConnected_Refuses()
    {
        var composition = Composition.Connect<QueueModule>("inproc://a", "JQ_URL");

        var activate = () => composition.Activate<QueueModule>();

        activate.Should().Throw<CompositionException>().WithMessage("*'queue'*both active here and connected*");
    }

    [Fact]
    public void Connect_WhenConnectedBefore_Refuses()
    {
        var composition = Composition.Connect<QueueModule>("inproc://a", "JQ_URL");

        var connect = () => composition.Connect<QueueModule>("inproc://b", "JQ_URL");

        connect.Should().Throw<CompositionException>().WithMessage("*'queue' is connected twice*");
    }

    [Fact]
    public void Activate_WhenActivatedBefore_Refuses()
    {
        var composition = Composition.Serve<QueueModule>();

        var activate = () => composition.Activate<QueueModule>();

        activate.Should().Throw<CompositionException>().WithMessage("*'queue' is activated twice*");
    }

    [Fact]
    public async Task Serve_WhenAnotherModuleIsOnlyActive_AnswersForItsOwnAlone()
    {
        await using var provider = Serving();
        var served = provider.GetRequiredService<ServedRequests>();

        var answer = await served.AnswerAsync(
            provider.GetRequiredService<IMediator>(), "db.get-function/1", Roles.Frontend, "{}"u8.ToArray(), default);

        answer.Error!.Code.Should().Be(ErrorCode.RouteNotFound);
        answer.Error.Message.Should().Contain("'db.get-function/1'");
    }

    [Fact]
    public async Task Connect_WhenTheModuleIsCalled_NothingOfItRunsHere()
    {
        _services.AddKeyedSingleton<IRequestTransport>("queue", new DeadTransport());
        Composition.Connect<QueueModule>("inproc://a", "JQ_URL").Build();
        await using var provider = _services.BuildServiceProvider();

        var answer = await provider.GetRequiredService<IMediator>().Send(new GetBacklog());

        answer.Error!.Code.Should().Be(ErrorCode.Unavailable);
        provider.GetService<QueueLoop>().Should().BeNull();
    }

    private ServiceProvider Serving()
    {
        Composition.Activate<DbModule>().Serve<QueueModule>().Build();
        return _services.BuildServiceProvider();
    }

    private static ContractRow<GetBacklog, QueueCounts> Row(string name) => new(
        name, TimeSpan.FromSeconds(1), Repeats.ByTransport, Roles.Frontend, QueueJson.Default);

    private sealed class HandlerlessModule : IModule
    {
        public static RequestContract Contract { get; } = new("first", [Row("first.get-backlog/1")]);

        public static void AddTo(IServiceCollection services)
        {
        }
    }

    private sealed class SameNameModule : IModule
    {
        public static RequestContract Contract { get; } = new("second", [Row("first.get-backlog/1")]);

        public static void AddTo(IServiceCollection services)
        {
        }
    }

    private sealed class DeadTransport : IRequestTransport
    {
        public Task<Result<ReadOnlyMemory<byte>>> SendAsync(
            ContractRow row, ReadOnlyMemory<byte> body, TimeSpan deadline, CancellationToken cancellation) =>
            Task.FromResult<Result<ReadOnlyMemory<byte>>>(new Error(ErrorCode.Unavailable, "Nobody is there."));
    }
}
