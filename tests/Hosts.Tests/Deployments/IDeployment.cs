namespace FaaS.Hosts.Tests.Deployments;

/// <summary>
/// The platform as a test sees it: something that is started, spoken to over REST, stopped or killed. The same tests
/// run against one process and against many.
/// </summary>
public interface IDeployment : IAsyncDisposable
{
    /// <summary>Where REST is; valid after <see cref="StartAsync"/>, and anew after each.</summary>
    Uri Url { get; }

    /// <summary>Where the part that runs functions is asked how it is; as long valid as <see cref="Url"/>.</summary>
    Uri WorkerHealth { get; }

    /// <summary>The folder with its data, kept from one start to the next.</summary>
    string DataFolder { get; }

    /// <summary>What it has printed, for messages of failing tests.</summary>
    string Log { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    Task StartAsync();

    /// <summary>SIGTERM, and waits for the exit.</summary>
    /// <returns>The exit code.</returns>
    Task<int> StopAsync(TimeSpan patience);

    /// <summary>SIGKILL for every process of it that is not somebody's child by pipe.</summary>
    Task KillAsync();

    /// <summary>The processes that the platform is made of and that run, without those that run user code.</summary>
    IReadOnlyList<int> Processes();

    /// <summary>The processes that run user code now.</summary>
    IReadOnlyList<int> SandboxProcesses();
}
