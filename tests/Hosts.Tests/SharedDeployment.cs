using FaaS.Hosts.Tests;
using FaaS.Hosts.Tests.Deployments;

[assembly: AssemblyFixture(typeof(SharedDeployment))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace FaaS.Hosts.Tests;

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
