namespace FaaS.Domain.Access;

/// <summary>What the holder of a key may do, to what belongs to its user.</summary>
[Flags]
public enum Scopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read functions and their sources.</summary>
    FunctionsRead = 1,

    /// <summary>Register and delete functions.</summary>
    FunctionsWrite = 2,

    /// <summary>Submit jobs, and wait for their results.</summary>
    JobsSubmit = 4,

    /// <summary>Read jobs, results and logs.</summary>
    JobsRead = 8,

    /// <summary>Cancel and delete jobs.</summary>
    JobsCancel = 16,

    /// <summary>Read the execution time.</summary>
    UsageRead = 32,

    /// <summary>Everything, keys and the user itself included.</summary>
    Admin = 64,
}

/// <summary>The scopes' words.</summary>
public static class ScopeWords
{
    private static readonly (Scopes Scope, string Word)[] All =
    [
        (Scopes.FunctionsRead, "functions:read"), (Scopes.FunctionsWrite, "functions:write"),
        (Scopes.JobsSubmit, "jobs:submit"), (Scopes.JobsRead, "jobs:read"), (Scopes.JobsCancel, "jobs:cancel"),
        (Scopes.UsageRead, "usage:read"), (Scopes.Admin, "admin"),
    ];

    /// <summary>All words, for messages.</summary>
    public static string List { get; } = string.Join(", ", All.Select(row => row.Word));

    /// <summary>Every scope there is.</summary>
    public static Scopes Every { get; } = All.Aggregate(Scopes.None, (every, row) => every | row.Scope);

    /// <summary>A word's scope; none when there is no such word.</summary>
    public static Scopes Find(string? word) => All.FirstOrDefault(row => row.Word == word).Scope;

    /// <summary>The words of scopes, in a fixed order.</summary>
    public static IReadOnlyList<string> Words(this Scopes scopes) =>
        [.. All.Where(row => (scopes & row.Scope) != 0).Select(row => row.Word)];

    /// <summary>Whether who has some scopes may do what needs another: who has <see cref="Scopes.Admin"/> may do all.</summary>
    public static bool Cover(this Scopes held, Scopes needed) =>
        (held & Scopes.Admin) != 0 || (held & needed) == needed;
}
