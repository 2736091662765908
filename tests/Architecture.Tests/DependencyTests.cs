using System.Reflection;
using NetArchTest.Rules;

namespace FaaS.Architecture.Tests;

/// <summary>Which room may know which, by what the compiled types really use.</summary>
public sealed class DependencyTests
{
    private static readonly string[] Outside =
        ["NetMQ", "MongoDB", "Microsoft.Data", "Jint", "Carter", "Microsoft.AspNetCore", "FaaS.Infrastructure", "FaaS.Hosts"];

    /// <summary>Each row: from, and one thing it must not reference.</summary>
    private static readonly (string From, string MustNotReference)[] Rules =
    [
        // No packages, no async, no clock of its own, no I/O.
        .. new[]
            {
                "MediatR", "FluentValidation", "Polly", "Scrutor", "Microsoft.Extensions", "FaaS.Application",
                "System.Threading.Tasks", "System.IO", "System.Net", "System.TimeProvider", "System.Random",
                "System.Diagnostics.Stopwatch", "System.Console", "System.Environment",
            }.Concat(Outside).Select(other => ("Domain", other)),
        .. Outside.Append("System.IO").Append("System.Net").Append("System.Console").Select(other => ("Application", other)),
        .. from technology in Solution.Technologies
           from other in Solution.Technologies.Where(other => other != technology)
           select (technology, "FaaS." + other.Replace('/', '.')),
    ];

    public static TheoryData<string, string> Rows => [.. Rules.Select(rule => (rule.From, rule.MustNotReference))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Room_WhenItMustNotKnowAnother_DoesNot(string from, string mustNotReference) =>
        Violators(Types.InAssembly(Solution.Load(from)), mustNotReference).Should().BeEmpty();

    [Theory]
    [InlineData("MediatR")]
    [InlineData("FaaS.Application")]
    [InlineData("System.IO")]
    [InlineData("System.Threading.Tasks")]
    public void Rule_WhenAViolationIsPlanted_FindsIt(string mustNotReference) =>
        Violators(Types.InAssembly(typeof(DependencyTests).Assembly), mustNotReference)
            .Should().Contain("FaaS.Architecture.Tests.Planted.Violation");

    [Fact]
    public void Domain_ReferencesNothingButTheFramework() =>
        Solution.Load("Domain").GetReferencedAssemblies().Select(reference => reference.Name!)
            .Should().OnlyContain(name => name.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>By references: the sandbox has to know the name of its child's file, and names in texts count above.</summary>
    [Fact]
    public void Technologies_ReferenceNoHost() =>
        Solution.Technologies.SelectMany(technology => Solution.Load(technology).GetReferencedAssemblies())
            .Where(reference => reference.Name!.StartsWith("FaaS.Hosts", StringComparison.Ordinal)).Should().BeEmpty();

    [Fact]
    public void Technologies_AreAllLoadedAndFound()
    {
        Solution.Technologies.Should().NotBeEmpty();
        Solution.Technologies.Select(technology => Solution.Load(technology)).Should().OnlyContain(
            assembly => assembly.GetName().Name!.StartsWith("FaaS.Infrastructure.", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Violators(Types types, string mustNotReference) =>
        types.ShouldNot().HaveDependencyOn(mustNotReference).GetResult().FailingTypeNames ?? [];
}
