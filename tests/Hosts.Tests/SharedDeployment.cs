using FaaS.Hosts.Tests;
using FaaS.Hosts.Tests.Deployments;

// A platform that starts or waits leaves a core to another; three would only wait for each other.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace FaaS.Hosts.Tests;

/// <summary>The tests that share a platform run one after the other, beside those that have one of their own.</summary>
[CollectionDefinition(Name)]
public sealed class SharedDeploymentTests : ICollectionFixture<SharedDeployment>
{
    public const string Name = "shared deployment";
}

/// <summary>One platform for all tests that leave it running. Functions get two seconds, so that limits are met soon.</summary>
public sealed class SharedDeployment : IAsyncLifetime
{
    private readonly IDeployment _deployment = Deploy.New(("Functions__Timeout", "00:00:02"));
    private int _users;

    public IDeployment Deployment => _deployment;

    public FaasClient Client { get; private set; } = null!;

    /// <summary>A user's name that no other test has.</summary>
    public string NewUser() => $"user{Interlocked.Increment(ref _users)}";

    public async ValueTask InitializeAsync()
    {
        await _deployment.StartAsync();
        Client = new FaasClient(_deployment);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _deployment.DisposeAsync();
    }
}
