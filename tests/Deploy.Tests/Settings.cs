using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;

namespace FaaS.Deploy.Tests;

/// <summary>The options classes, and what is different in CUE's description of them.</summary>
internal static class Settings
{
    /// <summary>Every options class of the platform: what has a <c>SectionName</c>.</summary>
    public static IReadOnlyList<Type> Classes { get; } =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "FaaS.*.dll")
            .Where(file => !Path.GetFileName(file).Contains("Tests", StringComparison.Ordinal))
            .Select(Assembly.LoadFrom).SelectMany(assembly => assembly.GetTypes()).Where(type => SectionOf(type) is not null),
    ];

    /// <summary>The section that a class is bound to; null for what is no options class.</summary>
    public static string? SectionOf(Type type) =>
        type.GetField("SectionName", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)?.GetRawConstantValue() as string;

    /// <summary>What CUE should say and does not, and what it says and should not; each in words to act on.</summary>
    public static IReadOnlyList<string> Differences(JsonObject described, IEnumerable<Type> classes)
    {
        var found = new List<string>();
        var coded = classes.SelectMany(type => type.GetProperties().Where(property => property.CanWrite)
            .Select(property => (Path: $"{SectionOf(type)}.{property.Name}", Is: Of(property, Activator.CreateInstance(type)!))))
            .ToDictionary(setting => setting.Path, setting => setting.Is);
        var written = described.SelectMany(section => section.Value!.AsObject()
            .Select(setting => (Path: $"{section.Key}.{setting.Key}", Is: setting.Value!.AsObject())))
            .ToDictionary(setting => setting.Path, setting => Of(setting.Is));
        foreach (var (path, setting) in coded)
            if (!written.TryGetValue(path, out var other))
                found.Add($"{path} is an option, but not in cue/platform/settings.cue: {setting}.");
            else if (setting != other)
                found.Add($"{path} is [{setting}] in code, but [{other}] in cue/platform/settings.cue.");
        found.AddRange(written.Keys.Except(coded.Keys).Select(path =>
            $"{path} is in cue/platform/settings.cue, but no option."));
        return found;
    }

    private static Setting Of(JsonObject setting)
    {
        var of = setting["of"]?.AsArray().Select(word => (string)word!).Order(StringComparer.Ordinal);
        return new Setting(
            (string)setting["kind"]!, setting["min"]?.ToJsonString(), setting["max"]?.ToJsonString(),
            setting["default"] is { } value ? value.ToString() : null, of is null ? null : string.Join('|', of));
    }

    private static Setting Of(PropertyInfo property, object defaults)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var value = property.GetValue(defaults);
        var range = property.GetCustomAttribute<RangeAttribute>();
        if (type == typeof(TimeSpan))
            return new("duration", Milliseconds(range?.Minimum), Milliseconds(range?.Maximum), Milliseconds(value), null);
        if (type == typeof(bool)) return new("flag", null, null, value!.ToString()!.ToLowerInvariant(), null);
        if (type.IsEnum)
            return new("choice", null, null, value!.ToString(), string.Join('|', Enum.GetNames(type).Order(StringComparer.Ordinal)));
        return type == typeof(string)
            ? new("text", null, null, null, null)
            : new("integer", Number(range?.Minimum), Number(range?.Maximum), Number(value), null);
    }

    private static string? Number(object? value) =>
        value is null ? null : Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString("0.###", CultureInfo.InvariantCulture);

    private static string? Milliseconds(object? value) => value switch
    {
        null => null,
        TimeSpan span => Number(span.TotalMilliseconds),
        var text => Number(TimeSpan.Parse((string)text, CultureInfo.InvariantCulture).TotalMilliseconds),
    };
}

/// <summary>What is compared of a setting.</summary>
internal sealed record Setting(string Kind, string? Min, string? Max, string? Default, string? Of)
{
    public override string ToString() => $"{Kind} {Of}{Min}..{Max} default {Default ?? "none"}";
}
