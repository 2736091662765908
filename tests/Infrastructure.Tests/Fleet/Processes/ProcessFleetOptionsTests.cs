using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet;
using FaaS.Infrastructure.Fleet.Processes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.Fleet.Processes;

/// <summary>Settings that a scaler refuses before it starts anything, and only where they matter.</summary>
public sealed class ProcessFleetOptionsTests
{
    private static readonly string Worker = typeof(ProcessFleetOptionsTests).Assembly.Location;

    [Theory]
    [InlineData("ProcessFleet:WorkerPath", "/nowhere/worker.dll", "WorkerPath")]
    [InlineData("ProcessFleet:DbUrl", null, "DB_URL")]
    [InlineData("ProcessFleet:DbUrl", "http://127.0.0.1:1", "tcp://")]
    [InlineData("ProcessFleet:ProcessesMax", "257", "ProcessesMax")]
    [InlineData("ProcessFleet:BackoffMax", "00:00:00.5", "BackoffMin")]
    [InlineData("FAAS_ROLE_KEY", "key", "WorkerRoleKey")]
    [InlineData("Cluster:RoleKey", "key", "WorkerRoleKey")]
    public void Settings_ThatCannotWork_AreRefusedByName(string name, string? value, string named)
    {
        var start = () => Read([("Fleet:Kind", "Process"), (name, value)]);

        start.Should().Throw<OptionsValidationException>().WithMessage($"*{named}*");
        Read([("Fleet:Kind", "None"), (name, value)]).Should().BeNull();
    }

    [Theory]
    [InlineData("DB_URL", "tcp://127.0.0.1:1", "ProcessFleet:DbUrl", null)]
    [InlineData("FAAS_ROLE_KEY", "key", "FAAS_CLUSTER_SECRET", "secret")]
    [InlineData("FAAS_ROLE_KEY", "key", "ProcessFleet:WorkerRoleKey", "another")]
    public void Settings_ThatTogetherWork_AreTaken(string name, string value, string other, string? otherValue) =>
        Read([("Fleet:Kind", "Process"), (name, value), (other, otherValue)]).Should().NotBeNull();

    /// <summary>The fleet, as a host gets it that starts; null when there is none.</summary>
    private static IWorkerFleet? Read(params (string Name, string? Value)[] settings)
    {
        Dictionary<string, string?> given = new()
        {
            ["ProcessFleet:DbUrl"] = "tcp://127.0.0.1:27444",
            ["ProcessFleet:WorkerPath"] = Worker,
        };
        foreach (var (name, value) in settings) given[name] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(given).Build();
        using var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration)
            .AddSingleton<WorkerOutput>((_, _) => { }).AddFleet(configuration).BuildServiceProvider();
        services.GetService<IStartupValidator>()?.Validate();
        return services.GetService<IWorkerFleet>();
    }
}
