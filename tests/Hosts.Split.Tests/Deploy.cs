namespace FaaS.Hosts.Tests.Deployments;

/// <summary>Which platform the tests of this project run against: five processes.</summary>
public static class Deploy
{
    /// <summary>Rounds of killing everything, unless <c>FAAS_TEST_ROUNDS</c> says otherwise.</summary>
    public const int Rounds = 2;

    /// <summary>
    /// Jobs of one user that stand before another's. Each submission passes four processes here, on two cores with the
    /// client; the hundred thousand are Dev's.
    /// </summary>
    public const int FairBacklog = 20_000;

    /// <summary>Hostile functions of a family that are run: Dev runs them all.</summary>
    public const int HostilePerFamily = 2;

    /// <summary>Trivial jobs before memory is measured.</summary>
    public const int HostileWarmUp = 300;

    public static IDeployment New(params (string Name, string Value)[] settings) => new SplitDeployment(settings);
}
