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

    public DescribedWorkers(string role, string? instance)
    {
        _role = role;
        var name = string.IsNullOrEmpty(instance) ? $@"[\w.-]*{Regex.Escape(role)}[\w.-]*\d[\w.-]*" : instance;
        _instance = new Regex($@"\A(?:{name})\z", RegexOptions.NonBacktracking);
    }

    /// <summary>How many there are; null where the text does not speak of the role at all.</summary>
    public int? Count(string text)
    {
        var instances = new HashSet<string>(StringComparer.Ordinal);
        var known = false;
        foreach (var word in PlainText.Uncoloured(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var name = word.Trim(Around);
            known |= name == _role;
            // A name counts once, however often it stands there.
            if (_instance.IsMatch(name)) instances.Add(name);
        }
        return known || instances.Count > 0 ? instances.Count : null;
    }
}
