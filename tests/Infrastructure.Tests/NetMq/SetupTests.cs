using FaaS.Application.Messaging;
using FaaS.Infrastructure.NetMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.NetMq;

public sealed class NetMqSetupTests
{
    [Theory]
    [InlineData("*")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    public void Server_ThatOthersCanReachWithoutASecret_IsRefused(string bind) =>
        new ServiceCollection().Invoking(services => services.AddNetMqServer(Settings(), bind, 0))
            .Should().Throw<CompositionException>().WithMessage("*FAAS_CLUSTER_SECRET*");

    [Fact]
    public void Client_OfAnotherMachineWithoutAKey_IsRefused() =>
        new ServiceCollection().Invoking(services => services.AddNetMqClient(Settings(), "db", Roles.Queue, "tcp://db:27444"))
            .Should().Throw<CompositionException>().WithMessage("*FAAS_CLUSTER_SECRET*FAAS_ROLE_KEY*");

    [Theory]
    [InlineData("")]
    [InlineData("db:27444")]
    [InlineData("inproc://db")]
    [InlineData("tcp://db")]
    [InlineData("tcp://db:0")]
    [InlineData("tcp://db:99999")]
    [InlineData("tcp://:1")]
    [InlineData("tcp://*:1")]
    [InlineData("tcp://a/b:1")]
    public void Endpoint_OfAnotherForm_IsRefused(string endpoint) =>
        new ServiceCollection().Invoking(services => services.AddNetMqClient(Settings(), "db", Roles.Queue, endpoint))
            .Should().Throw<CompositionException>().WithMessage("*tcp://host:port*");

    [Theory]
    [InlineData("FAAS_CLUSTER_SECRET", "too short", "*FAAS_CLUSTER_SECRET*at least 32 bytes*")]
    [InlineData("FAAS_ROLE_KEY", "abc", "*FAAS_ROLE_KEY*32 bytes*")]
    [InlineData("Cluster:PeerRequestsMax", "0", "*PeerRequestsMax*")]
    [InlineData("Cluster:Heartbeat", "00:00:00.001", "*Heartbeat*")]
    public void Options_OutOfTheirRange_AreRefusedByName(string name, string value, string message)
    {
        var services = new ServiceCollection();
        services.AddNetMqServer(Settings((name, value)), "127.0.0.1", 0);
        using var provider = services.BuildServiceProvider();

        provider.Invoking(it => it.GetRequiredService<IOptions<NetMqOptions>>().Value)
            .Should().Throw<OptionsValidationException>().WithMessage(message);
    }

    [Fact]
    public async Task Client_OfEachModule_IsKeyedByItsWordAndAsksToBeReady()
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddNetMqClient(Settings(), "db", Roles.Worker, "tcp://127.0.0.1:1");
        services.AddNetMqClient(Settings(), "queue", Roles.Worker, "tcp://127.0.0.1:2");
        await using var provider = services.BuildServiceProvider();

        provider.GetServices<IHostedService>().Should().HaveCount(2);
        provider.GetRequiredKeyedService<IRequestTransport>("db")
            .Should().NotBeSameAs(provider.GetRequiredKeyedService<IRequestTransport>("queue"));
        var missing = await Task.WhenAll(provider.GetServices<IReadiness>().Select(it => it.FindMissingAsync(default).AsTask()));
        missing.Should().Equal(
            "The db at tcp://127.0.0.1:1 is not connected.", "The queue at tcp://127.0.0.1:2 is not connected.");
    }

    [Fact]
    public void RoleKey_WhenItIsExported_IsTheOneAServerDerives()
    {
        var keys = RoleKeys.FromSecret(Rig.Secret);

        RoleKeys.FromRoleKey(Roles.Worker, keys.Export(Roles.Worker)).Find(Roles.Worker).Should().Equal(keys.Find(Roles.Worker));
        keys.Find(Roles.Worker).Should().NotEqual(keys.Find(Roles.Queue));
        keys.Find(Roles.Worker | Roles.Queue).Should().BeNull();
    }

    private static ConfigurationManager Settings(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationManager();
        foreach (var (name, value) in settings) configuration[name] = value;
        return configuration;
    }
}
