using FaaS.Application.Scaler;
using FaaS.Infrastructure.Fleet;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FaaS.Infrastructure.Tests.Fleet;

/// <summary>Which fleet is there by the settings, and whose settings are looked at.</summary>
public sealed class SetupTests
{
    [Theory]
    [InlineData("Kumori", "kumori")]
    [InlineData("Kubernetes", "kubernetes")]
    public void Fleet_IsTheOneThatTheSettingsName(string kind, string name)
    {
        using var provider = Provider(("Fleet:Kind", kind));

        provider.GetRequiredService<IWorkerFleet>().Name.Should().Be(name);
        provider.GetRequiredService<IStartupValidator>().Validate();
    }

    [Theory]
    [InlineData("Kumori", "KumoriFleet:Timeout", "1.00:00:00", "Timeout")]
    [InlineData("Kumori", "KumoriFleet:Wait", "00:00:00.500", "KumoriFleet:Wait must be whole seconds")]
    [InlineData("Kumori", "KumoriFleet:Tool", " ", "Tool")]
    [InlineData("Kumori", "KumoriFleet:Deployment", "--all", "Deployment")]
    [InlineData("Kumori", "KumoriFleet:Instance", "(?=a)b", "KumoriFleet:Instance must be a regular expression")]
    [InlineData("Kumori", "KumoriFleet:OutputBytesMax", "1", "OutputBytesMax")]
    [InlineData("Kubernetes", "KubernetesFleet:Timeout", "00:10:00", "Timeout")]
    [InlineData("Kubernetes", "KubernetesFleet:Deployment", "../secrets", "Deployment")]
    [InlineData("Kubernetes", "KubernetesFleet:Namespace", "a/b", "Namespace")]
    [InlineData("Kubernetes", "KubernetesFleet:Url", "ftp://there", "KubernetesFleet:Url must be http")]
    public void Settings_AreValidated_WhereTheirFleetIsChosen(string kind, string setting, string value, string named)
    {
        using var chosen = Provider(("Fleet:Kind", kind), (setting, value));
        using var other = Provider(("Fleet:Kind", "None"), (setting, value));

        var start = () => chosen.GetRequiredService<IStartupValidator>().Validate();

        start.Should().Throw<OptionsValidationException>().WithMessage($"*{named}*");
        other.GetRequiredService<IStartupValidator>().Validate();
        other.GetService<IWorkerFleet>().Should().BeNull();
    }

    [Fact]
    public void Kubernetes_IsNotLookedForInTwoPlaces()
    {
        using var provider = Provider(
            ("Fleet:Kind", "Kubernetes"), ("KubernetesFleet:Url", "http://localhost:1"), ("KubernetesFleet:Kubeconfig", "file"));

        var start = () => provider.GetRequiredService<IStartupValidator>().Validate();

        start.Should().Throw<OptionsValidationException>().WithMessage("*Only one of KubernetesFleet:Url*");
    }

    private static ServiceProvider Provider(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
        return new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddFleet(configuration)
            .BuildServiceProvider();
    }
}
