using FaaS.Hosts.Tests.Deployments;

namespace FaaS.Hosts.Tests;

/// <summary>The tests that share a platform whose callers need keys; one of them kills it, and starts it again.</summary>
[CollectionDefinition(Name)]
public sealed class KeyedDeploymentTests : ICollectionFixture<KeyedDeployment>
{
    public const string Name = "keyed deployment";
}

/// <summary>A platform whose callers need keys, with a small queue.</summary>
public sealed class KeyedDeployment : IAsyncLifetime
{
    public const string AdminKey = "the admin key of the tests: 0123456789";
    public const string MetricsKey = "the metrics key of the tests: 0123456789";

    /// <summary>Jobs the queue holds at most.</summary>
    public const int MaxJobs = 30;

    private int _users;

    public IDeployment Deployment { get; } = Deploy.New(
        ("Auth__Mode", "keys"), ("FAAS_ADMIN_KEY", AdminKey), ("FAAS_METRICS_KEY", MetricsKey),
        ("Queue__MaxJobs", $"{MaxJobs}"));

    /// <summary>A user's name that no other test has.</summary>
    public string NewUser() => $"user{Interlocked.Increment(ref _users)}x";

    public async ValueTask InitializeAsync() => await Deployment.StartAsync();

    public ValueTask DisposeAsync() => Deployment.DisposeAsync();
}
