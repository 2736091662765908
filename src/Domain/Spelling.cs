using System.Text;

namespace FaaS.Domain;

/// <summary>Turns the names of enum members into the words clients see.</summary>
public static class Spelling
{
    /// <summary><c>DeadLettered</c> becomes <c>dead_lettered</c>.</summary>
    public static string SnakeCase(string name)
    {
        var word = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && word.Length > 0) word.Append('_');
            word.Append(char.ToLowerInvariant(letter));
        }
        return word.ToString();
    }
}
