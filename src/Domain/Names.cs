namespace FaaS.Domain;

/// <summary>The patterns of the names users choose. Hand-written matching: these run on every request.</summary>
public static class Names
{
    /// <summary>Pattern of a user's name, for messages.</summary>
    public const string UserPattern = "[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}";

    /// <summary>Pattern of a function's name, for messages.</summary>
    public const string FunctionPattern = "[A-Za-z0-9_$][A-Za-z0-9_$.-]{0,127}";

    /// <summary>Pattern of a job's id, for messages.</summary>
    public const string JobPattern = "[0-9a-f]{24}";

    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>Whether the name matches <see cref="UserPattern"/>.</summary>
    public static bool IsUser(string name)
    {
        if (name.Length is 0 or > MaxLength || !char.IsAsciiLetterOrDigit(name[0])) return false;
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '_' or '@' or '+' or '-')) return false;
        return true;
    }

    /// <summary>Whether the name matches <see cref="FunctionPattern"/>.</summary>
    public static bool IsFunction(string name)
    {
        if (name.Length is 0 or > MaxLength || name[0] is '.' or '-') return false;
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('_' or '$' or '.' or '-')) return false;
        return true;
    }
}
