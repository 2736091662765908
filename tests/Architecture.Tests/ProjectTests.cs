using System.Xml.Linq;

namespace FaaS.Architecture.Tests;

/// <summary>What project files say: a reference that is not used yet is a door that stands open.</summary>
public sealed class ProjectTests
{
    private static readonly string[] ApplicationPackages =
    [
        "MediatR", "FluentValidation", "FluentValidation.DependencyInjectionExtensions", "Polly.Core", "Scrutor", "Cronos",
        "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions",
        "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options",
        "Microsoft.Extensions.Options.DataAnnotations", "Microsoft.Extensions.Options.ConfigurationExtensions",
    ];

    public static TheoryData<string> Technologies => [.. Solution.Technologies];

    public static TheoryData<string> Files =>
        [.. Solution.Source.Values.Concat(Solution.Tests.Values).Select(project => Path.GetRelativePath(Solution.Root, project.File))];

    [Fact]
    public void Domain_ReferencesNothing()
    {
        var domain = Solution.Source["Domain"];

        domain.Packages.Should().BeEmpty();
        domain.References.Should().BeEmpty();
        domain.Content.Descendants("FrameworkReference").Should().BeEmpty();
    }

    [Fact]
    public void Application_ReferencesTheDomainAndWhatIsAllowed()
    {
        var application = Solution.Source["Application"];

        application.Packages.Should().BeSubsetOf(ApplicationPackages);
        application.References.Should().Equal("Domain");
        application.Content.Descendants("FrameworkReference").Should().BeEmpty();
    }

    [Theory]
    [MemberData(nameof(Technologies))]
    public void Technology_ReferencesNoOtherAndNoHost(string technology) =>
        Solution.Source[technology].References.Should().BeSubsetOf(["Application", "Domain"]);

    [Fact]
    public void OnlyHosts_ReferenceSeveralTechnologies() =>
        Solution.Source.Where(project => project.Value.References.Count(Solution.Technologies.Contains) > 1)
            .Select(project => project.Key)
            .Should().OnlyContain(path => path.StartsWith("Hosts/", StringComparison.Ordinal));

    [Fact]
    public void SandboxChild_KnowsOnlyItsOwnTechnology()
    {
        // It runs users' code: what is not there cannot be reached.
        Solution.Source["Hosts/Sandbox"].References.Where(Solution.Technologies.Contains)
            .Should().Equal("Infrastructure/Sandbox");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Project_NamesNoVersions(string file)
    {
        var content = XDocument.Load(Path.Combine(Solution.Root, file));
        var central = XDocument.Load(Path.Combine(Solution.Root, "Directory.Packages.props"))
            .Descendants("PackageVersion").Select(item => (string)item.Attribute("Include")!);

        content.Descendants().Attributes().Where(attribute => attribute.Name.LocalName is "Version" or "VersionOverride")
            .Should().BeEmpty();
        content.Descendants("Version").Should().BeEmpty();
        content.Descendants("PackageReference").Select(item => (string)item.Attribute("Include")!)
            .Should().BeSubsetOf(central);
    }

    [Fact]
    public void Packages_AreManagedCentrally() =>
        XDocument.Load(Path.Combine(Solution.Root, "Directory.Packages.props"))
            .Descendants("ManagePackageVersionsCentrally").Should().ContainSingle().Which.Value.Should().Be("true");
}
