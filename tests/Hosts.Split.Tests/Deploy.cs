namespace FaaS.Hosts.Tests.Deployments;

/// <summary>Which platform the tests of this project run against: five processes.</summary>
public static class Deploy
{
    /// <summary>Rounds of killing everything, unless <c>FAAS_TEST_ROUNDS</c> says otherwise.</summary>
    public const int Rounds = 2;

    public static IDeployment New(params (string Name, string Value)[] settings) => new SplitDeployment(settings);
}
