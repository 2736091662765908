namespace FaaS.Hosts.Tests.Deployments;

/// <summary>Which platform the tests of this project run against: all of it in one process.</summary>
public static class Deploy
{
    /// <summary>Rounds of killing it, unless <c>FAAS_TEST_ROUNDS</c> says otherwise.</summary>
    public const int Rounds = 20;

    /// <summary>Jobs of one user that stand before another's.</summary>
    public const int FairBacklog = 100_000;

    /// <summary>Hostile functions of a family that are run.</summary>
    public const int HostilePerFamily = int.MaxValue;

    /// <summary>Trivial jobs before memory is measured: as many as it takes until the process no longer grows by them.</summary>
    public const int HostileWarmUp = 4_000;

    public static IDeployment New(params (string Name, string Value)[] settings) => new DevDeployment([], settings);
}
