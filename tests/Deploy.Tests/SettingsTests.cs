using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FaaS.Application.Queue;
using FaaS.Tests.Shared;
using Microsoft.Extensions.Configuration;

namespace FaaS.Deploy.Tests;

/// <summary>CUE repeats the ranges of the options classes: neither may change without the other.</summary>
public sealed partial class SettingsTests
{
    public static TheoryData<string> Sizes => [.. Cue.Sizes.Keys];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Settings_AreThoseOfTheOptionsClasses(string size)
    {
        var cue = await Cue.NeedAsync();

        Settings.Differences(Described(cue, size), Settings.Classes).Should().BeEmpty();
    }

    [Fact]
    public void OptionsClasses_AreAllLookedAt()
    {
        var inSource = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Section().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value));

        Settings.Classes.Select(Settings.SectionOf).Should().BeEquivalentTo(inSource);
    }

    [Fact]
    public async Task Comparison_WhenAClassHasAnOptionMore_NamesIt()
    {
        var cue = await Cue.NeedAsync();

        Settings.Differences(Described(cue, "small"), [.. Settings.Classes, typeof(PlantedOptions)])
            .Should().ContainSingle().Which.Should().Contain("Planted.Size is an option");
    }

    [Fact]
    public async Task Comparison_WhenCueHasASettingMore_NamesIt()
    {
        var cue = await Cue.NeedAsync();

        Settings.Differences(Described(cue, "small"), Settings.Classes.Where(type => type != typeof(QueueOptions)))
            .Should().HaveCount(4).And.OnlyContain(difference => difference.StartsWith("Queue.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Queue", "MaxJobs", "max", 20_000_001)]
    [InlineData("Queue", "Backoff", "default", 999)]
    [InlineData("Worker", "DrainTimeout", "min", 1)]
    [InlineData("Sandbox", "CpuLimit", "default", 5)]
    public async Task Comparison_WhenANumberDiffers_NamesIt(string section, string setting, string field, int value)
    {
        var cue = await Cue.NeedAsync();
        var described = Described(cue, "small");
        described[section]![setting]![field] = value;

        Settings.Differences(described, Settings.Classes)
            .Should().ContainSingle().Which.Should().StartWith($"{section}.{setting} is [");
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Environment_OfEverySize_IsBoundAndAllowed(string size)
    {
        var cue = await Cue.NeedAsync();
        var texts = Described(cue, size).SelectMany(section => section.Value!.AsObject()
            .Where(setting => setting.Value!["text"] is not null)
            .Select(setting => KeyValuePair.Create($"{section.Key}:{setting.Key}", (string?)setting.Value!["text"]))).ToList();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(texts).Build();

        foreach (var type in Settings.Classes)
        {
            var options = Activator.CreateInstance(type)!;
            configuration.GetSection(Settings.SectionOf(type)!).Bind(options);
            foreach (var (path, text) in texts.Where(text => text.Key.StartsWith(Settings.SectionOf(type) + ":", StringComparison.Ordinal)))
            {
                var property = type.GetProperty(path[(path.IndexOf(':', StringComparison.Ordinal) + 1)..])!;
                var failures = new List<ValidationResult>();
                Validator.TryValidateProperty(
                    property.GetValue(options), new ValidationContext(options) { MemberName = property.Name }, failures)
                    .Should().BeTrue($"{path} is '{text}': {string.Join(' ', failures)}");
                Value(property.GetValue(options)!).Should().Be(
                    Value(Described(cue, size)[Settings.SectionOf(type)!]![property.Name]!["value"]!), path);
            }
        }
        texts.Count.Should().BeGreaterThan(40);
    }

    private static string Value(object value) => value switch
    {
        TimeSpan span => $"{span.TotalMilliseconds}",
        bool flag => flag ? "true" : "false",
        var other => $"{other}",
    };

    private static JsonObject Described(Cue cue, string size) => cue.Platform(size)["settings"]!.AsObject();

    [GeneratedRegex("const string SectionName = \"(?<name>\\w+)\"")]
    private static partial Regex Section();

    private sealed class PlantedOptions
    {
        public const string SectionName = "Planted";

        [Range(1, 2)]
        public int Size { get; set; } = 1;
    }
}
