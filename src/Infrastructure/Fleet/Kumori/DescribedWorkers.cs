using System.Text.RegularExpressions;

namespace FaaS.Infrastructure.Fleet.Kumori;

/// <summary>
/// Counts the workers in what <c>describe deployment</c> writes for people. Its form is not documented, so only this is
/// relied on: the role's name stands there, and each instance has a name with the role's in it, like
/// <c>kd-101500-1a2b3c4d-worker000-deployment-0</c>.
/// </summary>
internal sealed class DescribedWorkers
{
    private static readonly char[] Around = [',', ';', '(', ')', '[', ']', '{', '}', '"', '\'', '|', ':', '*'];

    private readonly string _role;
    private readonly Regex _instance;
    private readonly bool _guesses;

    public DescribedWorkers(string role, string? instance)
    {
        _role = role;
        _guesses = string.IsNullOrEmpty(instance);
        var name = _guesses ? $@"[\w.-]*{Regex.Escape(role)}[\w.-]*\d[\w.-]*" : instance!;
        _instance = new Regex($@"\A(?:{name})\z", RegexOptions.NonBacktracking);
    }

    /// <summary>How many there are; null where the text does not speak of the role at all.</summary>
    public int? Count(string text)
    {
        var instances = new HashSet<string>(StringComparer.Ordinal);
        var known = false;
        foreach (var line in PlainText.Uncoloured(text).Split('\n'))
        {
            var names = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim(Around)).ToList();
            known |= names.Contains(_role);
            // Where we guess: one a line, for the machine that an instance runs on may be named like one. A name counts once.
            instances.UnionWith(names.Where(name => _instance.IsMatch(name)).Take(_guesses ? 1 : int.MaxValue));
        }
        return known || instances.Count > 0 ? instances.Count : null;
    }
}
