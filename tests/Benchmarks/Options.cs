using System.Globalization;

namespace FaaS.Benchmarks;

/// <summary>Command-line options of the form <c>--name value</c>.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Options(string[] args)
    {
        for (var at = 0; at < args.Length; at += 2)
        {
            if (!args[at].StartsWith("--", StringComparison.Ordinal) || at + 1 == args.Length)
                throw new ArgumentException($"'{args[at]}' is not an option with a value.");
            _values[args[at][2..]] = args[at + 1];
        }
    }

    /// <summary>Refuses what the verb does not know, so that a misspelt option is not a silent default.</summary>
    public void Only(params string[] known)
    {
        if (_values.Keys.FirstOrDefault(name => !known.Contains(name)) is { } other)
            throw new ArgumentException($"No option --{other}; there are --{string.Join(", --", known)}.");
    }

    /// <summary>The command that was given, to stand beside its figures.</summary>
    public string Command(string verb) => string.Join(' ',
        ["dotnet run -c Release --project tests/Benchmarks --", verb, .. _values.Select(value => $"--{value.Key} {value.Value}")]);

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public int Number(string name, int otherwise) =>
        Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
