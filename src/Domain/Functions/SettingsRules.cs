using System.Text;

namespace FaaS.Domain.Functions;

/// <summary>What a platform allows at most.</summary>
/// <param name="TimeoutMs">The largest time limit in ms.</param>
/// <param name="MemoryMb">The largest memory limit in MiB.</param>
public readonly record struct SettingsBounds(int TimeoutMs, int MemoryMb);

/// <summary>What a function's configuration may say. Each refusal names what is wrong, and what is allowed.</summary>
public static class SettingsRules
{
    /// <summary>The one runtime there is.</summary>
    public const string JavaScript = "javascript";

    /// <summary>The smallest time limit in ms, and memory limit in MiB.</summary>
    public const int TimeoutMsMin = 10, MemoryMbMin = 16;

    /// <summary>The largest bound on jobs that run at a time.</summary>
    public const int ConcurrencyMax = 1_000_000;

    /// <summary>The most attempts, and the longest delay between two, in ms: a day.</summary>
    public const int AttemptsMax = 100, BackoffMsMax = 86_400_000;

    /// <summary>Environment values and secrets of a function together, and characters of a name.</summary>
    public const int NamesMax = 100, NameCharsMax = 128;

    /// <summary>UTF-8 bytes of one value, and of all names and values of a function together.</summary>
    public const int ValueBytesMax = 16 << 10, BytesMax = 64 << 10;

    /// <summary>What a name looks like.</summary>
    public const string NamePattern = "[A-Za-z_][A-Za-z0-9_]{0,127}";

    /// <summary>Whether a name may be a property of <c>env</c>.</summary>
    public static bool IsName(string? name)
    {
        if (name is not { Length: > 0 and <= NameCharsMax } || char.IsAsciiDigit(name[0])) return false;
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '_') return false;
        return true;
    }

    /// <summary>What is wrong with settings; null when nothing is.</summary>
    public static string? Check(FunctionSettings settings, SettingsBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Runtime is not (null or JavaScript)) return $"runtime must be \"{JavaScript}\".";
        return Range("timeoutMs", settings.TimeoutMs, TimeoutMsMin, bounds.TimeoutMs)
            ?? Range("memoryMb", settings.MemoryMb, MemoryMbMin, bounds.MemoryMb)
            ?? Range("concurrency", settings.Concurrency, 0, ConcurrencyMax, " (0 is no bound)")
            ?? (settings.Retry is { } retry ? Check(retry) : null)
            ?? Check(settings.Env ?? []);
    }

    /// <summary>What is wrong with changes of secrets; null when nothing is.</summary>
    public static string? Check(IReadOnlyList<SecretChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Count > NamesMax) return TooMany();
        var names = new HashSet<string>();
        foreach (var change in changes)
        {
            if (!IsName(change.Name)) return BadName("secret");
            if (!names.Add(change.Name)) return $"The secret {change.Name} is there twice; name each once.";
            if (change.Value is { } value && CheckValue($"The secret {change.Name}", value) is { } wrong) return wrong;
        }
        return null;
    }

    /// <summary>
    /// What is wrong with values and secrets together; null when nothing is. A secret's bytes are known without its value.
    /// </summary>
    public static string? Check(IReadOnlyList<EnvironmentValue> env, IEnumerable<(string Name, int ValueBytes)> secrets)
    {
        ArgumentNullException.ThrowIfNull(env);
        ArgumentNullException.ThrowIfNull(secrets);
        var names = env.Select(value => value.Name).ToHashSet();
        var bytes = env.Sum(value => (long)value.Name.Length + Encoding.UTF8.GetByteCount(value.Value));
        foreach (var (name, valueBytes) in secrets)
        {
            if (!names.Add(name)) return $"{name} is both in env and a secret; give one of them another name, or remove the secret with null.";
            bytes += name.Length + valueBytes;
        }
        if (names.Count > NamesMax) return TooMany();
        return bytes > BytesMax
            ? $"The names and values of env and secrets take {bytes} bytes together; they may take {BytesMax}."
            : null;
    }

    private static string? Check(RetrySettings retry)
    {
        var wrong = Range("retry.attempts", retry.Attempts, 1, AttemptsMax)
            ?? Range("retry.backoffMs", retry.BackoffMs, 1, BackoffMsMax)
            ?? Range("retry.maxBackoffMs", retry.MaxBackoffMs, 1, BackoffMsMax);
        if (wrong is not null) return wrong;
        return retry.BackoffMs > retry.MaxBackoffMs
            ? $"retry.maxBackoffMs must be a whole number from retry.backoffMs ({retry.BackoffMs}) to {BackoffMsMax}."
            : null;
    }

    private static string? Check(IReadOnlyList<EnvironmentValue> env)
    {
        if (env.Count > NamesMax) return TooMany();
        var names = new HashSet<string>();
        foreach (var value in env)
        {
            if (!IsName(value.Name)) return BadName("value of env");
            if (!names.Add(value.Name)) return $"env.{value.Name} is there twice; name each once.";
            if (CheckValue($"env.{value.Name}", value.Value) is { } wrong) return wrong;
        }
        return Check(env, []);
    }

    private static string? CheckValue(string what, string value) =>
        value.Length > ValueBytesMax || Encoding.UTF8.GetByteCount(value) > ValueBytesMax
            ? $"{what} has a value of more than {ValueBytesMax} bytes, which is the most it may have."
            : null;

    private static string? Range(string what, int? value, int min, int max, string note = "") =>
        value < min || value > max ? $"{what} must be a whole number from {min} to {max}{note}." : null;

    private static string BadName(string what) => $"The name of a {what} must match {NamePattern}.";

    private static string TooMany() => $"A function may have {NamesMax} values of env and secrets together.";
}
